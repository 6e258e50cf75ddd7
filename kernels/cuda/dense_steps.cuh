// SPDX-License-Identifier: MIT
// What a dense layer with ReLU does around the library's products: bias, ReLU and dropout in one pass over
// the product, and the way back.
#pragma once

#include "kernels/device/context.h"
#include "kernels/ops/dense.h"

namespace kickdrum::cuda {

// dst[n, o] = dropout(relu(product[n, o] + bias[o])), rounded once; product is f32 and may be dst, bias may
// be no tensor. Without a state nothing is dropped.
void finish_dense(Context& context, float dropout, const DenseDropout& mask, const float* product,
                  Tensor bias, Tensor dst);

// gradient[n, o] = dst[n, o] > 0 ? diff_dst[n, o] * scale : 0, of the type of dst;
// diff_bias[o] (or no tensor) = sum_n gradient[n, o] before it is rounded, in an order that only the shape
// decides.
void begin_dense_backward(Context& context, float scale, Tensor dst, Tensor diff_dst, Tensor gradient,
                          Tensor diff_bias);

}  // namespace kickdrum::cuda
