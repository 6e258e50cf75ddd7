// SPDX-License-Identifier: MIT
// A dense layer of few outputs, such as a network's last one, in kernels of our own: forward with its bias is
// one launch, backward with all its gradients another. A library's product needs one for each of them, in
// tiles that such a layer fills to a tenth, and its rows of a few bf16 aren't aligned as tensor cores want
// them.
//
// src, weights, dst and the gradients of src and dst are of one type, f32 or bf16; bias and the gradients of
// the parameters are f32. bias, diff_bias and diff_src may be no tensors. Sums are in float, in an order that
// only the shape decides.
#pragma once

#include "kernels/device/context.h"
#include "kernels/device/tensor.h"

namespace kickdrum::cuda {

// Beyond these a library's product is faster: one of ours reads the weights once for each row.
constexpr std::int64_t kMostFewOutputs = 32;
constexpr std::int64_t kMostFewInputs = 4096;

void few_outputs_forward(Context& context, Tensor src, Tensor weights, Tensor bias, Tensor dst);
void few_outputs_backward(Context& context, Tensor src, Tensor diff_dst, Tensor weights, Tensor diff_weights,
                          Tensor diff_bias, Tensor diff_src);

}  // namespace kickdrum::cuda
