// SPDX-License-Identifier: MIT
// Small memory-bound operations on tensors that are all f32 or, on CUDA, all bf16; and the gather of a batch.
#pragma once

#include "kernels/device/context.h"
#include "kernels/device/tensor.h"

namespace kickdrum {

void fill(Context& context, float value, Tensor dst);
void copy(Context& context, Tensor src, Tensor dst);
// dst = a + b; dst may be a or b.
void add(Context& context, Tensor a, Tensor b, Tensor dst);
// dst *= factor
void scale(Context& context, float factor, Tensor dst);
// dst[i] = src[indices[i]]: rows of src [N, ...], of any type, by i32 indices [n] into dst [n, ...] of the
// same type; on CUDA f32 rows also into bf16. An index outside src throws; on CUDA its row becomes NaN (or
// zeros: integers).
void gather_rows(Context& context, Tensor src, Tensor indices, Tensor dst);

// The backend's half: arguments are checked already.
namespace cpu {
void fill(Context& context, float value, Tensor dst);
void copy(Context& context, Tensor src, Tensor dst);
void add(Context& context, Tensor a, Tensor b, Tensor dst);
void scale(Context& context, float factor, Tensor dst);
void gather_rows(Context& context, Tensor src, Tensor indices, Tensor dst);
}  // namespace cpu
namespace cuda {
void fill(Context& context, float value, Tensor dst);
void copy(Context& context, Tensor src, Tensor dst);
void add(Context& context, Tensor a, Tensor b, Tensor dst);
void scale(Context& context, float factor, Tensor dst);
void gather_rows(Context& context, Tensor src, Tensor indices, Tensor dst);
}  // namespace cuda

}  // namespace kickdrum
