// SPDX-License-Identifier: MIT
// What the engines do themselves around the libraries' calls. Everything is enqueued on the context's stream.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/device/context.h"
#include "kernels/device/tensor.h"

namespace kickdrum::cuda {

// Bytes that a part of the scratch takes, so that the next part is aligned as the arena's blocks are.
constexpr std::size_t align_scratch(std::int64_t bytes) {
    return (static_cast<std::size_t>(bytes) + 255) / 256 * 256;
}

// dst[i] = src[i], bf16 to f32.
void widen(Context& context, const void* src, float* dst, std::int64_t count);

// dst[r, c] = f(src[r, c] + bias[c]), f being the identity or ReLU (NaN stays NaN). dst is f32, and may be
// src, or bf16.
void add_bias(Context& context, const float* src, const float* bias, bool relu, Tensor dst,
              std::int64_t columns);

// sums[c] = sum_r src[r, c] in float, in an order that only the shape decides; src is f32 or bf16.
void sum_columns(Context& context, Tensor src, float* sums, std::int64_t columns);

}  // namespace kickdrum::cuda
