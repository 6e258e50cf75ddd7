// SPDX-License-Identifier: MIT
#include "kernels/ops/activation.h"

#include <cmath>
#include <numbers>

#include "kernels/cpu/elementwise_kernels.h"
#include "kernels/cpu/parallel_chunks.h"
#include "kernels/ops/elementwise.h"

namespace kickdrum::cpu {
namespace {

constexpr float kLeakySlope = 0.2F;
// Klambauer et al., "Self-normalizing neural networks" (2017).
constexpr float kSeluAlpha = 1.6732632423543772F;
constexpr float kSeluScale = 1.0507009873554805F;
constexpr float kInverseSqrt2 = std::numbers::sqrt2_v<float> / 2;
constexpr float kInverseSqrt2Pi = std::numbers::inv_sqrtpi_v<float> * kInverseSqrt2;

float sigmoid(float x) {
    return 1 / (1 + std::exp(-x));
}
float normal_cdf(float x) {
    return 0.5F * std::erfc(-x * kInverseSqrt2);
}  // erfc: the lower tail keeps its digits

float forward(Activation activation, float x) {
    switch (activation) {
        case Activation::elu: return x > 0 ? x : std::expm1(x);
        case Activation::selu: return kSeluScale * (x > 0 ? x : kSeluAlpha * std::expm1(x));
        case Activation::gelu: return x * normal_cdf(x);
        case Activation::silu: return x * sigmoid(x);
        case Activation::sigmoid: return sigmoid(x);
        case Activation::tanh: return std::tanh(x);
        case Activation::softplus: return (x > 0 ? x : 0) + std::log1p(std::exp(-std::abs(x)));
        default: return x;
    }
}

// The derivative from y = f(x); only gelu and silu look at x.
float derivative(Activation activation, float x, float y) {
    switch (activation) {
        case Activation::elu: return y > 0 ? 1 : y + 1;
        case Activation::selu: return y > 0 ? kSeluScale : y + kSeluScale * kSeluAlpha;
        case Activation::gelu: return normal_cdf(x) + x * kInverseSqrt2Pi * std::exp(-0.5F * x * x);
        case Activation::silu: {
            const float s = sigmoid(x);
            return s * (1 + x * (1 - s));
        }
        case Activation::sigmoid: return y * (1 - y);
        case Activation::tanh: return 1 - y * y;
        case Activation::softplus: return -std::expm1(-y);
        default: return 1;
    }
}

float slope_of(Activation activation) {
    return activation == Activation::relu ? 0 : kLeakySlope;
}
bool is_relu(Activation activation) {
    return activation == Activation::relu || activation == Activation::leaky_relu;
}

}  // namespace

void activation_forward(Context& context, Activation activation, Tensor src, Tensor dst) {
    if (activation == Activation::linear) return kickdrum::copy(context, src, dst);
    const ElementwiseKernels& kernels = elementwise_kernels(context.simd());
    parallel_chunks(context, dst.count(), [&](std::int64_t begin, std::int64_t count) {
        const float* x = src.f32() + begin;
        float* y = dst.f32() + begin;
        if (is_relu(activation)) return kernels.leaky_relu(slope_of(activation), x, y, count);
        for (std::int64_t i = 0; i < count; ++i) y[i] = forward(activation, x[i]);
    });
}

void activation_backward(Context& context, Activation activation, Tensor src, Tensor dst, Tensor diff_dst,
                         Tensor diff_src) {
    if (activation == Activation::linear) return kickdrum::copy(context, diff_dst, diff_src);
    const ElementwiseKernels& kernels = elementwise_kernels(context.simd());
    // Where x isn't needed y stands in for it, so that the loop may read it.
    const float* const x = needs_src(activation) ? src.f32() : dst.f32();
    parallel_chunks(context, dst.count(), [&](std::int64_t begin, std::int64_t count) {
        const float* y = dst.f32() + begin;
        const float* dy = diff_dst.f32() + begin;
        float* dx = diff_src.f32() + begin;
        if (is_relu(activation)) return kernels.leaky_relu_backward(slope_of(activation), y, dy, dx, count);
        for (std::int64_t i = 0; i < count; ++i) dx[i] = derivative(activation, x[begin + i], y[i]) * dy[i];
    });
}

}  // namespace kickdrum::cpu
