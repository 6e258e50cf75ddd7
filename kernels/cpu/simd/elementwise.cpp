// SPDX-License-Identifier: MIT
// Plain loops that the compiler vectorises for each instruction set. `ivdep`: dst may be one of the sources,
// element for element, which is no obstacle to vectors but would otherwise send such calls to a scalar loop.
#include "kernels/cpu/elementwise_kernels.h"

#define KICKDRUM_INLINE __attribute__((always_inline)) inline

namespace kickdrum::KICKDRUM_SIMD_NAMESPACE {

extern const ElementwiseKernels kElementwiseKernels;

namespace {

constexpr int kLanes = KICKDRUM_SIMD_BYTES / 4;

void add(const float* a, const float* b, float* dst, std::int64_t count) {
#pragma GCC ivdep
    for (std::int64_t i = 0; i < count; ++i) dst[i] = a[i] + b[i];
}

void scale(float factor, float* dst, std::int64_t count) {
#pragma GCC ivdep
    for (std::int64_t i = 0; i < count; ++i) dst[i] *= factor;
}

// Independent sums side by side, in an order that is the same whatever the caller's threads do.
double sum_of_squares(const float* src, std::int64_t count) {
    using Doubles = double __attribute__((vector_size(KICKDRUM_SIMD_BYTES)));
    using Floats = float __attribute__((vector_size(KICKDRUM_SIMD_BYTES / 2)));
    constexpr int kWidth = KICKDRUM_SIMD_BYTES / 8;
    constexpr int kVectors = 4;
    Doubles sums[kVectors] = {};
    std::int64_t i = 0;
    for (; i + kWidth * kVectors <= count; i += kWidth * kVectors) {
#pragma GCC unroll 4
        for (int v = 0; v < kVectors; ++v) {
            Floats values;
            __builtin_memcpy(&values, src + i + v * kWidth, sizeof(values));
            const Doubles wide = __builtin_convertvector(values, Doubles);
            sums[v] += wide * wide;
        }
    }
    double total = 0;
    for (; i < count; ++i) total += static_cast<double>(src[i]) * static_cast<double>(src[i]);
    for (int v = 0; v < kVectors; ++v) {
        for (int lane = 0; lane < kWidth; ++lane) total += sums[v][lane];
    }
    return total;
}

void leaky_relu(float slope, const float* src, float* dst, std::int64_t count) {
    if (slope == 0) {
#pragma GCC ivdep
        for (std::int64_t i = 0; i < count; ++i) dst[i] = src[i] < 0 ? 0 : src[i];
        return;
    }
#pragma GCC ivdep
    for (std::int64_t i = 0; i < count; ++i) dst[i] = src[i] * (src[i] > 0 ? 1.0F : slope);
}

void leaky_relu_backward(float slope, const float* dst, const float* diff_dst, float* diff_src,
                         std::int64_t count) {
    if (slope == 0) {  // not 0 * diff_dst: an infinite gradient of a dead unit is still none
#pragma GCC ivdep
        for (std::int64_t i = 0; i < count; ++i) diff_src[i] = dst[i] > 0 ? diff_dst[i] : 0;
        return;
    }
#pragma GCC ivdep
    for (std::int64_t i = 0; i < count; ++i) diff_src[i] = diff_dst[i] * (dst[i] > 0 ? 1.0F : slope);
}

// kLanes blocks of Philox4x32-10 side by side; words[w][lane] is word w of block first + lane. The numbers
// are those of kernels/device/philox.h, whose inline functions must not be instantiated here.
struct PhiloxLanes {
    std::uint32_t words[4][kLanes];
};

KICKDRUM_INLINE void philox_lanes(const DropoutMask& mask, std::uint64_t first, PhiloxLanes& out) {
    std::uint32_t(&c)[4][kLanes] = out.words;
    for (int lane = 0; lane < kLanes; ++lane) {
        const std::uint64_t position = first + static_cast<std::uint64_t>(lane);
        c[0][lane] = static_cast<std::uint32_t>(position);
        c[1][lane] = static_cast<std::uint32_t>(position >> 32U);
        c[2][lane] = static_cast<std::uint32_t>(mask.step);
        c[3][lane] = static_cast<std::uint32_t>(mask.step >> 32U);
    }
    std::uint32_t k0 = mask.key0;
    std::uint32_t k1 = mask.key1;
#pragma GCC unroll 10
    for (int round = 0; round < 10; ++round) {
        for (int lane = 0; lane < kLanes; ++lane) {
            const std::uint64_t p0 = std::uint64_t{0xD2511F53U} * c[0][lane];
            const std::uint64_t p1 = std::uint64_t{0xCD9E8D57U} * c[2][lane];
            c[0][lane] = static_cast<std::uint32_t>(p1 >> 32U) ^ c[1][lane] ^ k0;
            c[2][lane] = static_cast<std::uint32_t>(p0 >> 32U) ^ c[3][lane] ^ k1;
            c[1][lane] = static_cast<std::uint32_t>(p1);
            c[3][lane] = static_cast<std::uint32_t>(p0);
        }
        k0 += 0x9E3779B9U;
        k1 += 0xBB67AE85U;
    }
}

void dropout(const DropoutMask& mask, std::uint64_t first_block, const float* src, float* dst,
             std::int64_t count) {
    constexpr int kElements = 4 * kLanes;
    PhiloxLanes random;
    std::int64_t i = 0;
    for (; i + kElements <= count; i += kElements) {
        philox_lanes(mask, first_block + static_cast<std::uint64_t>(i / 4), random);
#pragma GCC ivdep
        for (int lane = 0; lane < kLanes; ++lane) {
            for (int word = 0; word < 4; ++word) {
                const std::int64_t e = i + 4 * lane + word;
                dst[e] = random.words[word][lane] >= mask.threshold ? src[e] * mask.scale : 0;
            }
        }
    }
    if (i == count) return;
    philox_lanes(mask, first_block + static_cast<std::uint64_t>(i / 4), random);
    for (int e = 0; i + e < count; ++e) {
        dst[i + e] = random.words[e % 4][e / 4] >= mask.threshold ? src[i + e] * mask.scale : 0;
    }
}

void adam(const AdamCoefficients& coefficients, const float* gradient, float* weights, float* m, float* v,
          std::int64_t count) {
    const AdamCoefficients k = coefficients;
#pragma GCC ivdep
    for (std::int64_t i = 0; i < count; ++i) {
        const float g = gradient[i] * k.gradient_scale;
        const float new_m = m[i] + (g - m[i]) * k.one_minus_beta_1;
        const float new_v = v[i] + (g * g - v[i]) * k.one_minus_beta_2;
        const float w = weights[i] - weights[i] * k.decay;
        m[i] = new_m;
        v[i] = new_v;
        weights[i] = w - k.alpha * new_m / (__builtin_sqrtf(new_v) + k.epsilon);
    }
}

void sgd(const SgdCoefficients& coefficients, const float* gradient, float* weights, float* velocity,
         std::int64_t count) {
    const SgdCoefficients k = coefficients;
    if (velocity == nullptr) {
#pragma GCC ivdep
        for (std::int64_t i = 0; i < count; ++i) {
            const float w = weights[i] - weights[i] * k.decay;
            weights[i] = w - k.learning_rate * (gradient[i] * k.gradient_scale);
        }
        return;
    }
    // Nesterov's step looks one momentum step ahead: w += momentum * v - learning_rate * g.
    const float ahead = k.nesterov ? k.momentum : 1.0F;
    const float direct = k.nesterov ? k.learning_rate : 0.0F;
#pragma GCC ivdep
    for (std::int64_t i = 0; i < count; ++i) {
        const float g = gradient[i] * k.gradient_scale;
        const float new_velocity = k.momentum * velocity[i] - k.learning_rate * g;
        const float w = weights[i] - weights[i] * k.decay;
        velocity[i] = new_velocity;
        weights[i] = w + (ahead * new_velocity - direct * g);
    }
}

}  // namespace

constexpr ElementwiseKernels kElementwiseKernels = {
    .add = add,
    .scale = scale,
    .sum_of_squares = sum_of_squares,
    .leaky_relu = leaky_relu,
    .leaky_relu_backward = leaky_relu_backward,
    .dropout = dropout,
    .adam = adam,
    .sgd = sgd,
};

}  // namespace kickdrum::KICKDRUM_SIMD_NAMESPACE
