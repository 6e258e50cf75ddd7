// SPDX-License-Identifier: MIT
// Floating-point numbers as files keep them: little-endian IEEE 754, and bfloat16.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace kickdrum {

enum class NumberType : std::uint8_t { f16, bf16, f32, f64 };
constexpr std::size_t size_of(NumberType type) {
    return type == NumberType::f64 ? 8 : type == NumberType::f32 ? 4 : 2;
}

// `bytes` holds a whole number of numbers, at any address.
std::vector<float> to_floats(NumberType type, std::string_view bytes);

}  // namespace kickdrum
