// SPDX-License-Identifier: MIT
// The activation functions of kernels/ops/activation.h on one float, and their slopes. Exact functions of the
// CUDA library throughout: a few units in the last place, also in the tails.
#pragma once

#include <cuda_runtime.h>

#include <cmath>
#include <type_traits>

#include "kernels/ops/activation_kind.h"

namespace kickdrum::cuda {

constexpr float kLeakySlope = 0.2F;
// Klambauer, Unterthiner, Mayr, Hochreiter: "Self-normalizing neural networks" (2017).
constexpr float kSeluAlpha = 1.6732632423543772F;
constexpr float kSeluScale = 1.0507009873554805F;
constexpr float kInverseSqrt2 = 0.70710678118654752F;
constexpr float kInverseSqrt2Pi = 0.39894228040143268F;

struct Logistic {
    float value;
    float complement;  // 1 - value, with all its digits
};

__device__ inline Logistic logistic(float x) {
    const float e = expf(-fabsf(x));
    const float large = 1 / (1 + e);
    const float small = e * large;
    return {x >= 0 ? large : small, x >= 0 ? small : large};
}

// The distribution function of the normal distribution.
__device__ inline float normal_distribution(float x) {
    return 0.5F * erfcf(-x * kInverseSqrt2);
}

// A NaN stays a NaN.
template <Activation kActivation>
__device__ float activation_value(float x) {
    if constexpr (kActivation == Activation::relu) {
        return x < 0 ? 0 : x;
    } else if constexpr (kActivation == Activation::leaky_relu) {
        return x * (x > 0 ? 1 : kLeakySlope);
    } else if constexpr (kActivation == Activation::elu) {
        return x > 0 ? x : expm1f(x);
    } else if constexpr (kActivation == Activation::selu) {
        return kSeluScale * (x > 0 ? x : kSeluAlpha * expm1f(x));
    } else if constexpr (kActivation == Activation::gelu) {
        return x * normal_distribution(x);
    } else if constexpr (kActivation == Activation::silu) {
        return x * logistic(x).value;
    } else if constexpr (kActivation == Activation::sigmoid) {
        return logistic(x).value;
    } else if constexpr (kActivation == Activation::tanh) {
        return tanhf(x);
    } else if constexpr (kActivation == Activation::softplus) {
        return (x > 0 ? x : 0) + log1pf(expf(-fabsf(x)));
    } else {
        return x;
    }
}

// f'(x) * gradient. x is read for gelu and silu only, y = f(x) for all others.
template <Activation kActivation>
__device__ float activation_gradient(float x, float y, float gradient) {
    if constexpr (kActivation == Activation::relu) {
        return y > 0 ? gradient : 0;  // not 0 * gradient, which may be infinite
    } else if constexpr (kActivation == Activation::leaky_relu) {
        return gradient * (y > 0 ? 1 : kLeakySlope);
    } else if constexpr (kActivation == Activation::elu) {
        return gradient * (y > 0 ? 1 : y + 1);
    } else if constexpr (kActivation == Activation::selu) {
        return gradient * (y > 0 ? kSeluScale : y + kSeluScale * kSeluAlpha);
    } else if constexpr (kActivation == Activation::gelu) {
        return gradient * (normal_distribution(x) + x * kInverseSqrt2Pi * expf(-0.5F * x * x));
    } else if constexpr (kActivation == Activation::silu) {
        const Logistic s = logistic(x);
        return gradient * (s.value * (1 + x * s.complement));
    } else if constexpr (kActivation == Activation::sigmoid) {
        return gradient * (y * (1 - y));
    } else if constexpr (kActivation == Activation::tanh) {
        return gradient * (1 - y * y);
    } else if constexpr (kActivation == Activation::softplus) {
        return gradient * -expm1f(-y);
    } else {
        return gradient;
    }
}

template <Activation kActivation>
using ActivationConstant = std::integral_constant<Activation, kActivation>;

// Calls task(ActivationConstant<activation>).
template <class Task>
void with_activation(Activation activation, const Task& task) {
    switch (activation) {
        case Activation::linear: return task(ActivationConstant<Activation::linear>{});
        case Activation::relu: return task(ActivationConstant<Activation::relu>{});
        case Activation::leaky_relu: return task(ActivationConstant<Activation::leaky_relu>{});
        case Activation::elu: return task(ActivationConstant<Activation::elu>{});
        case Activation::selu: return task(ActivationConstant<Activation::selu>{});
        case Activation::gelu: return task(ActivationConstant<Activation::gelu>{});
        case Activation::silu: return task(ActivationConstant<Activation::silu>{});
        case Activation::sigmoid: return task(ActivationConstant<Activation::sigmoid>{});
        case Activation::tanh: return task(ActivationConstant<Activation::tanh>{});
        case Activation::softplus: return task(ActivationConstant<Activation::softplus>{});
    }
}

}  // namespace kickdrum::cuda
