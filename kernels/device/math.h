// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string_view>

namespace kickdrum {

// How products of convolutions and dense layers are computed. Sums, losses, moments and the weights
// themselves are fp32 in every mode.
//   fp32  IEEE single precision, everywhere
//   tf32  CUDA: operands rounded to 10 bits of mantissa, on tensor cores
//   bf16  CUDA: activations and a copy of the weights in bfloat16
enum class Math : std::uint8_t { fp32, tf32, bf16 };

constexpr std::string_view to_string(Math math) {
    return math == Math::fp32 ? "fp32" : math == Math::tf32 ? "tf32" : "bf16";
}

}  // namespace kickdrum
