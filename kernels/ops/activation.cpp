// SPDX-License-Identifier: MIT
#include "kernels/ops/activation.h"

#include <array>

#include "kernels/device/dispatch.h"
#include "kernels/ops/tensor_checks.h"

namespace kickdrum {
namespace {

constexpr std::array kActivations = {
    Activation::linear, Activation::relu, Activation::leaky_relu, Activation::elu,  Activation::selu,
    Activation::gelu,   Activation::silu, Activation::sigmoid,    Activation::tanh, Activation::softplus};

}  // namespace

std::string_view to_string(Activation activation) {
    switch (activation) {
        case Activation::linear: return "linear";
        case Activation::relu: return "relu";
        case Activation::leaky_relu: return "leaky_relu";
        case Activation::elu: return "elu";
        case Activation::selu: return "selu";
        case Activation::gelu: return "gelu";
        case Activation::silu: return "silu";
        case Activation::sigmoid: return "sigmoid";
        case Activation::tanh: return "tanh";
        case Activation::softplus: return "softplus";
    }
    return "?";
}

std::span<const Activation> all_activations() {
    return kActivations;
}

bool needs_src(Activation activation) {
    return activation == Activation::gelu || activation == Activation::silu;
}

void activation_forward(Context& context, Activation activation, Tensor src, Tensor dst) {
    const DType dtype = activation_type(context, src);
    require_tensor(context, "activation: src", src, dtype);
    require_elements(context, "activation: dst", dst, src.count(), dtype);
    KICKDRUM_DISPATCH(context, activation_forward(context, activation, src, dst));
}

void activation_backward(Context& context, Activation activation, Tensor src, Tensor dst, Tensor diff_dst,
                         Tensor diff_src) {
    const DType dtype = activation_type(context, dst);
    require_tensor(context, "activation: dst", dst, dtype);
    if (needs_src(activation)) require_elements(context, "activation: src", src, dst.count(), dtype);
    require_elements(context, "activation: diff_dst", diff_dst, dst.count(), dtype);
    require_elements(context, "activation: diff_src", diff_src, dst.count(), dtype);
    KICKDRUM_DISPATCH(context, activation_backward(context, activation, src, dst, diff_dst, diff_src));
}

}  // namespace kickdrum
