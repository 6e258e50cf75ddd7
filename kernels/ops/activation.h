// SPDX-License-Identifier: MIT
// Elementwise activation functions, as Keras defines them. Stateless; dst may be src.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "kernels/device/context.h"
#include "kernels/device/tensor.h"

namespace kickdrum {

enum class Activation {
    linear,      // x
    relu,        // max(x, 0); gradient 0 at 0
    leaky_relu,  // x > 0 ? x : 0.2 x           (Keras 3's slope)
    elu,         // x > 0 ? x : exp(x) - 1
    selu,        // 1.0507... * (x > 0 ? x : 1.6733... * (exp(x) - 1))
    gelu,        // x / 2 * (1 + erf(x / sqrt 2))
    silu,        // x / (1 + exp(-x))
    sigmoid,     // 1 / (1 + exp(-x))
    tanh,
    softplus,  // log(1 + exp(x))
};

std::string_view to_string(Activation activation);
// Every activation, in the order above: for the names that a configuration may use.
std::span<const Activation> all_activations();
// Whether backward needs src (gelu, silu) beside dst: the others are functions of dst, so forward may work in
// place.
bool needs_src(Activation activation);

// dst = f(src). src and dst: equal count, any shape.
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

}  // namespace kickdrum
