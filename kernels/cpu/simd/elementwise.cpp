// SPDX-License-Identifier: MIT
// Plain loops that the compiler vectorises for each instruction set. `ivdep`: dst may be one of the sources,
// element for element, which is no obstacle to vectors but would otherwise send such calls to a scalar loop.
#include "kernels/cpu/elementwise_kernels.h"

#if defined(__SSE2__)
#include <immintrin.h>
#endif

#define KICKDRUM_INLINE __attribute__((always_inline)) inline

namespace kickdrum::KICKDRUM_SIMD_NAMESPACE {

extern const ElementwiseKernels kElementwiseKernels;

namespace {

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

// Philox4x32-10 for kBlocks blocks side by side, each number in the low half of a 64-bit lane: what the high
// halves hold doesn't matter to the multiplication. The numbers are those of kernels/device/philox.h, whose
// inline functions must not be instantiated here.
constexpr int kBlocks = KICKDRUM_SIMD_BYTES / 8;
using Wide = std::uint64_t __attribute__((vector_size(KICKDRUM_SIMD_BYTES)));
using Words = std::uint32_t __attribute__((vector_size(KICKDRUM_SIMD_BYTES)));
using Floats = float __attribute__((vector_size(KICKDRUM_SIMD_BYTES)));

// The 64-bit products of the low halves.
KICKDRUM_INLINE Wide multiply(Wide a, std::uint32_t factor) {
    const Wide b = Wide{} + factor;
#if defined(__AVX512F__) && KICKDRUM_SIMD_BYTES == 64
    return reinterpret_cast<Wide>(
        _mm512_mul_epu32(reinterpret_cast<__m512i>(a), reinterpret_cast<__m512i>(b)));
#elif defined(__AVX2__) && KICKDRUM_SIMD_BYTES == 32
    return reinterpret_cast<Wide>(
        _mm256_mul_epu32(reinterpret_cast<__m256i>(a), reinterpret_cast<__m256i>(b)));
#elif defined(__SSE2__) && KICKDRUM_SIMD_BYTES == 16
    return reinterpret_cast<Wide>(_mm_mul_epu32(reinterpret_cast<__m128i>(a), reinterpret_cast<__m128i>(b)));
#else
    return (a & 0xFFFFFFFFU) * b;
#endif
}

// Two vectors' lanes in turn: the lower halves of both, or the upper ones.
KICKDRUM_INLINE Wide interleave(Wide a, Wide b, bool upper) {
    Wide order;
    for (int lane = 0; lane < kBlocks; ++lane) {
        order[lane] = static_cast<std::uint64_t>(lane / 2 + lane % 2 * kBlocks + (upper ? kBlocks / 2 : 0));
    }
    return __builtin_shuffle(a, b, order);
}

// The words of blocks first, first + 1, ... in order: the lower half of the blocks, then the upper one.
struct RandomWords {
    Words halves[2];
};

KICKDRUM_INLINE RandomWords philox_blocks(const DropoutMask& mask, std::uint64_t first) {
    Wide c0 = Wide{} + first;
    for (int lane = 0; lane < kBlocks; ++lane) c0[lane] += static_cast<std::uint64_t>(lane);
    Wide c1 = c0 >> 32;
    Wide c2 = Wide{} + mask.step;
    Wide c3 = c2 >> 32;
    std::uint32_t k0 = mask.key0;
    std::uint32_t k1 = mask.key1;
#pragma GCC unroll 10
    for (int round = 0; round < 10; ++round) {
        const Wide p0 = multiply(c0, 0xD2511F53U);
        const Wide p1 = multiply(c2, 0xCD9E8D57U);
        c0 = (p1 >> 32) ^ c1 ^ k0;
        c2 = (p0 >> 32) ^ c3 ^ k1;
        c1 = p1;
        c3 = p0;
        k0 += 0x9E3779B9U;
        k1 += 0xBB67AE85U;
    }
    const Wide low = (c0 & 0xFFFFFFFFU) | (c1 << 32);
    const Wide high = (c2 & 0xFFFFFFFFU) | (c3 << 32);
    return {{reinterpret_cast<Words>(interleave(low, high, false)),
             reinterpret_cast<Words>(interleave(low, high, true))}};
}

void dropout(const DropoutMask& mask, std::uint64_t first_block, const float* src, float* dst,
             std::int64_t count) {
    constexpr int kLanes = KICKDRUM_SIMD_BYTES / 4;
    const DropoutMask k = mask;
    std::int64_t i = 0;
    for (; i + 2 * kLanes <= count; i += 2 * kLanes) {
        const RandomWords random = philox_blocks(k, first_block + static_cast<std::uint64_t>(i / 4));
#pragma GCC unroll 2
        for (int half = 0; half < 2; ++half) {
            Floats values;
            __builtin_memcpy(&values, src + i + half * kLanes, sizeof(values));
            const Floats kept = random.halves[half] >= k.threshold ? values * k.scale : Floats{};
            __builtin_memcpy(dst + i + half * kLanes, &kept, sizeof(kept));
        }
    }
    if (i == count) return;
    const RandomWords random = philox_blocks(k, first_block + static_cast<std::uint64_t>(i / 4));
    std::uint32_t words[2 * kLanes];
    __builtin_memcpy(words, &random, sizeof(words));
    for (int e = 0; i + e < count; ++e) dst[i + e] = words[e] >= k.threshold ? src[i + e] * k.scale : 0;
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
    .dropout = dropout,
    .adam = adam,
    .sgd = sgd,
};

}  // namespace kickdrum::KICKDRUM_SIMD_NAMESPACE
