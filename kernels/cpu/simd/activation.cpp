// SPDX-License-Identifier: MIT
// Activation functions as straight-line arithmetic that the compiler vectorises. Every exponential here has
// an argument
// <= 0, which no input can make overflow. `ivdep`: dst may be src, element for element.
#include "kernels/cpu/activation_kernels.h"

#define KICKDRUM_INLINE __attribute__((always_inline)) inline

namespace kickdrum::KICKDRUM_SIMD_NAMESPACE {

extern const ActivationKernels kActivationKernels;

namespace {

constexpr float kLeakySlope = 0.2F;
// Klambauer, Unterthiner, Mayr, Hochreiter: "Self-normalizing neural networks" (2017).
constexpr float kSeluAlpha = 1.6732632423543772F;
constexpr float kSeluScale = 1.0507009873554805F;
constexpr float kInverseSqrt2 = 0.70710678118654752F;
constexpr float kInverseSqrt2Pi = 0.39894228040143268F;

KICKDRUM_INLINE float magnitude(float x) {
    return __builtin_fabsf(x);
}

// e^x = scale * (1 + fraction).
struct Exponential {
    float scale;
    float fraction;

    KICKDRUM_INLINE float value() const { return scale * fraction + scale; }
    KICKDRUM_INLINE float minus_one() const { return scale * fraction + (scale - 1); }  // all digits near 0
};

// For x <= 0; below -87 the result stays at e^-87, the last one before denormal numbers.
KICKDRUM_INLINE Exponential exponential(float argument) {
    const float x = argument < -87 ? -87 : argument;  // a NaN passes
    // Adding 1.5 * 2^23 leaves the nearest integer n of x / ln 2 in the low bits of the sum.
    const float shifted = x * 1.44269504088896341F + 12582912.0F;
    const float n = shifted - 12582912.0F;
    const auto bits = __builtin_bit_cast(std::uint32_t, shifted) - 0x4B400000U + 127U;
    const float scale = __builtin_bit_cast(float, bits << 23U);            // 2^n
    const float r = (x - n * 0.693359375F) + n * 2.12194440054690583e-4F;  // x - n ln 2, |r| <= ln 2 / 2
    // (e^r - 1 - r) / r^2, a Chebyshev fit: e^r - 1 within 2.5e-8 of itself.
    float p = 1.393365249e-03F;
    p = p * r + 8.363181545e-03F;
    p = p * r + 4.166646490e-02F;
    p = p * r + 1.666657697e-01F;
    p = p * r + 5.000000013e-01F;
    return {scale, p * r * r + r};
}

struct Logistic {
    float value;
    float complement;  // 1 - value, with all its digits
};

KICKDRUM_INLINE Logistic logistic(float x) {
    const float e = exponential(-magnitude(x)).value();
    const float large = 1 / (1 + e);
    const float small = e * large;
    return {x >= 0 ? large : small, x >= 0 ? small : large};
}

KICKDRUM_INLINE float hyperbolic_tangent(float x) {
    const float t = exponential(-2 * magnitude(x)).minus_one();
    return __builtin_copysignf(-t / (2 + t), x);
}

KICKDRUM_INLINE float softplus(float x) {
    const float e = exponential(-magnitude(x)).value();
    // log(1 + e) = 2 artanh(e / (2 + e)) by its power series; the argument is at most 1/3.
    const float s = e / (2 + e);
    const float square = s * s;
    float series = 1.0F / 15;
    series = series * square + 1.0F / 13;
    series = series * square + 1.0F / 11;
    series = series * square + 1.0F / 9;
    series = series * square + 1.0F / 7;
    series = series * square + 1.0F / 5;
    series = series * square + 1.0F / 3;
    series = series * square + 1;
    return (x > 0 ? x : 0) + 2 * s * series;
}

struct Normal {
    float distribution;
    float density;  // times sqrt(2 pi)
};

KICKDRUM_INLINE Normal normal(float x) {
    const float density = exponential(-0.5F * x * x).value();
    // erfc(z) e^(z^2) / t as a polynomial of t = 2 / (2 + z), a Chebyshev fit within 2e-8 of itself.
    const float t = 2 / (2 + magnitude(x) * kInverseSqrt2);
    float p = 1.510974995e-02F;
    p = p * t - 1.380565393e-01F;
    p = p * t + 4.623481437e-01F;
    p = p * t - 7.125966106e-01F;
    p = p * t + 4.549037595e-01F;
    p = p * t - 1.153502721e-01F;
    p = p * t + 2.310579835e-01F;
    p = p * t + 2.375460529e-01F;
    p = p * t + 2.829789541e-01F;
    p = p * t + 2.820587647e-01F;
    const float tail = 0.5F * t * p * density;
    return {x >= 0 ? 1 - tail : tail, density};
}

KICKDRUM_INLINE float elu(float x) {
    return x > 0 ? x : exponential(x > 0 ? 0 : x).minus_one();
}

template <class Function>
KICKDRUM_INLINE void map(const float* src, float* dst, std::int64_t count, const Function& function) {
#pragma GCC ivdep
    for (std::int64_t i = 0; i < count; ++i) dst[i] = function(src[i]);
}

void forward(Activation activation, const float* src, float* dst, std::int64_t count) {
    switch (activation) {
        case Activation::linear: return map(src, dst, count, [](float x) { return x; });
        case Activation::relu: return map(src, dst, count, [](float x) { return x < 0 ? 0 : x; });
        case Activation::leaky_relu:
            return map(src, dst, count, [](float x) { return x * (x > 0 ? 1.0F : kLeakySlope); });
        case Activation::elu: return map(src, dst, count, [](float x) { return elu(x); });
        case Activation::selu:
            return map(src, dst, count,
                       [](float x) { return kSeluScale * (x > 0 ? x : kSeluAlpha * elu(x)); });
        case Activation::gelu:
            return map(src, dst, count, [](float x) { return x * normal(x).distribution; });
        case Activation::silu: return map(src, dst, count, [](float x) { return x * logistic(x).value; });
        case Activation::sigmoid: return map(src, dst, count, [](float x) { return logistic(x).value; });
        case Activation::tanh: return map(src, dst, count, [](float x) { return hyperbolic_tangent(x); });
        case Activation::softplus: return map(src, dst, count, [](float x) { return softplus(x); });
    }
}

// Calls slope(y) with a value of src or dst.
template <class Slope>
KICKDRUM_INLINE void chain(const float* values, const float* diff_dst, float* diff_src, std::int64_t count,
                           const Slope& slope) {
#pragma GCC ivdep
    for (std::int64_t i = 0; i < count; ++i) diff_src[i] = diff_dst[i] * slope(values[i]);
}

// Not 0 * diff_dst: an infinite gradient of a dead unit is still none.
void relu_backward(const float* dst, const float* diff_dst, float* diff_src, std::int64_t count) {
#pragma GCC ivdep
    for (std::int64_t i = 0; i < count; ++i) {
        const float gradient = diff_dst[i];
        diff_src[i] = dst[i] > 0 ? gradient : 0;
    }
}

void backward(Activation activation, const float* src, const float* dst, const float* diff_dst,
              float* diff_src, std::int64_t count) {
    switch (activation) {
        case Activation::linear: return chain(dst, diff_dst, diff_src, count, [](float) { return 1.0F; });
        case Activation::relu: return relu_backward(dst, diff_dst, diff_src, count);
        case Activation::leaky_relu:
            return chain(dst, diff_dst, diff_src, count, [](float y) { return y > 0 ? 1.0F : kLeakySlope; });
        case Activation::elu:
            return chain(dst, diff_dst, diff_src, count, [](float y) { return y > 0 ? 1.0F : y + 1; });
        case Activation::selu:
            return chain(dst, diff_dst, diff_src, count,
                         [](float y) { return y > 0 ? kSeluScale : y + kSeluScale * kSeluAlpha; });
        case Activation::gelu:
            return chain(src, diff_dst, diff_src, count, [](float x) {
                const Normal n = normal(x);
                return n.distribution + x * kInverseSqrt2Pi * n.density;
            });
        case Activation::silu:
            return chain(src, diff_dst, diff_src, count, [](float x) {
                const Logistic s = logistic(x);
                return s.value * (1 + x * s.complement);
            });
        case Activation::sigmoid:
            return chain(dst, diff_dst, diff_src, count, [](float y) { return y * (1 - y); });
        case Activation::tanh:
            return chain(dst, diff_dst, diff_src, count, [](float y) { return 1 - y * y; });
        case Activation::softplus:
            return chain(dst, diff_dst, diff_src, count,
                         [](float y) { return -exponential(-y).minus_one(); });
    }
}

}  // namespace

constexpr ActivationKernels kActivationKernels = {.forward = forward, .backward = backward};

}  // namespace kickdrum::KICKDRUM_SIMD_NAMESPACE
