// SPDX-License-Identifier: MIT
// ConvBlock on images of few channels in kernels of our own: 3x3 convolution, bias, ReLU and 2x2 max-pooling
// without the full-size image ever being in memory. Libraries are at their worst there: with one channel in,
// a convolution does 9 multiplications for each number it writes.
//
// src [n, h, w, c] or rows of a dataset (BlockInput), weights [k, 3, 3, c] (OHWI), dst and winner (u8)
// [n, i, j, k]; a dataset, bias, diff_weights and diff_bias are f32, all else one type, f32 or bf16. Sums are
// in float.
#pragma once

#include <cstddef>

#include "kernels/device/context.h"
#include "kernels/device/tensor.h"
#include "kernels/ops/conv_block.h"

namespace kickdrum::cuda {

constexpr int kMostFusedChannels = 4;  // of src

// before: rows and columns of zeros before src, 1 for padding "same", 0 for "valid".
void fused_block_forward(Context& context, int before, const BlockInput& src, Tensor weights, Tensor bias,
                         Tensor dst, Tensor winner);

// One launch. partials: fused_block_partials_bytes of this or a larger batch, 16-byte aligned; tickets:
// fused_block_tickets_bytes for these channels of dst, as block_tickets.cuh says.
std::size_t fused_block_partials_bytes(const Shape& src, const Shape& dst);
std::size_t fused_block_tickets_bytes(std::int64_t channels_out);
void fused_block_backward_weights(Context& context, int before, const BlockInput& src, Tensor diff_dst,
                                  Tensor winner, Tensor diff_weights, Tensor diff_bias, void* partials,
                                  void* tickets);

// Seldom asked for: a first layer has nobody to give it to.
void fused_block_backward_src(Context& context, int before, Tensor diff_dst, Tensor winner, Tensor weights,
                              Tensor diff_src);

}  // namespace kickdrum::cuda
