// SPDX-License-Identifier: MIT
// Elementwise activation functions, as Keras defines them. Stateless; dst may be src.
#pragma once

#include <span>
#include <string_view>

#include "kernels/device/context.h"
#include "kernels/device/tensor.h"
#include "kernels/ops/activation_kind.h"

namespace kickdrum {

std::string_view to_string(Activation activation);
// Every activation, in the order above: for the names that a configuration may use.
std::span<const Activation> all_activations();
// Whether backward needs src (gelu, silu) beside dst: the others are functions of dst, so forward may work in
// place.
bool needs_src(Activation activation);

// dst = f(src). src and dst: equal count, any shape. All tensors, here and below, are f32 or, on CUDA, bf16.
void activation_forward(Context& context, Activation activation, Tensor src, Tensor dst);
// diff_src = f'(src) * diff_dst. src may be "no tensor" unless needs_src(activation). diff_src may be
// diff_dst.
void activation_backward(Context& context, Activation activation, Tensor src, Tensor dst, Tensor diff_dst,
                         Tensor diff_src);

// The backend's half: arguments are checked already.
namespace cpu {
void activation_forward(Context& context, Activation activation, Tensor src, Tensor dst);
void activation_backward(Context& context, Activation activation, Tensor src, Tensor dst, Tensor diff_dst,
                         Tensor diff_src);
}  // namespace cpu
namespace cuda {
void activation_forward(Context& context, Activation activation, Tensor src, Tensor dst);
void activation_backward(Context& context, Activation activation, Tensor src, Tensor dst, Tensor diff_dst,
                         Tensor diff_src);
}  // namespace cuda

}  // namespace kickdrum
