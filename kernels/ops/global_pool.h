// SPDX-License-Identifier: MIT
// Global pooling: src [n, h, w, c] -> dst [n, c], the mean or the maximum over h and w.
// winner (max only, i32 [n, c], kept until backward): h * width + w of the first maximum. src, dst and their
// gradients are f32 or, on CUDA, all bf16; the mean is computed in double precision.
#pragma once

#include "kernels/device/context.h"
#include "kernels/device/tensor.h"
#include "kernels/ops/pool2d.h"

namespace kickdrum {

void global_pool_forward(Context& context, PoolKind kind, Tensor src, Tensor dst, Tensor winner);
void global_pool_backward(Context& context, PoolKind kind, Tensor diff_dst, Tensor winner, Tensor diff_src);

// The backend's half: arguments are checked already.
namespace cpu {
void global_pool_forward(Context& context, PoolKind kind, Tensor src, Tensor dst, Tensor winner);
void global_pool_backward(Context& context, PoolKind kind, Tensor diff_dst, Tensor winner, Tensor diff_src);
}  // namespace cpu
namespace cuda {
void global_pool_forward(Context& context, PoolKind kind, Tensor src, Tensor dst, Tensor winner);
void global_pool_backward(Context& context, PoolKind kind, Tensor diff_dst, Tensor winner, Tensor diff_src);
}  // namespace cuda

}  // namespace kickdrum
