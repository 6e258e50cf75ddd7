// SPDX-License-Identifier: MIT
// Logarithms, exponentials and roots of vectors.
#pragma once

#include "kernels/cpu/simd/vec.h"

namespace kickdrum::KICKDRUM_SIMD_NAMESPACE {

// 10 log10 x of normal x > 0, within 4e-6 down to -80 dB: x = 2^e (1 + f) with f in [sqrt(1/2) - 1, sqrt(2) -
// 1], and a polynomial for 10 log10(1 + f) / f (interpolated at Chebyshev's points; its own error is 3e-8).
// The first part of 10 log10 2 has so few bits that its product with e is exact.
KICKDRUM_ALWAYS_INLINE Vec ten_log10(Vec x) {
    constexpr std::int32_t kRootHalf = 0x3f3504f3;
    IntVec bits;
    __builtin_memcpy(&bits, &x, sizeof(bits));
    const IntVec exponent = (bits - kRootHalf) >> 23;
    bits -= exponent << 23;
    Vec f;
    __builtin_memcpy(&f, &bits, sizeof(f));
    f -= 1;
    Vec p = splat(0.370597077F);
    p = p * f - 0.619706009F;
    p = p * f + 0.650460273F;
    p = p * f - 0.719973084F;
    p = p * f + 0.866675174F;
    p = p * f - 1.08579493F;
    p = p * f + 1.44768562F;
    p = p * f - 2.17147225F;
    p = p * f + 4.34294471F;
    const Vec e = __builtin_convertvector(exponent, Vec);
    return e * 3.01025390625F + (e * 4.60503898e-5F + p * f);
}

// Few of them are needed, so one lane after the other.
KICKDRUM_ALWAYS_INLINE Vec exponential(Vec x) {
    for (int lane = 0; lane < kLanes; ++lane) x[lane] = __builtin_expf(x[lane]);
    return x;
}

KICKDRUM_ALWAYS_INLINE Vec square_root(Vec x) {
#if KICKDRUM_SIMD_BYTES == 64 && defined(__AVX512F__)
    return reinterpret_cast<Vec>(_mm512_sqrt_ps(reinterpret_cast<__m512>(x)));
#elif KICKDRUM_SIMD_BYTES == 32 && defined(__AVX2__)
    return reinterpret_cast<Vec>(_mm256_sqrt_ps(reinterpret_cast<__m256>(x)));
#else
    for (int lane = 0; lane < kLanes; ++lane) x[lane] = __builtin_sqrtf(x[lane]);
    return x;
#endif
}

// Bit i: whether the comparison held in lane i.
KICKDRUM_ALWAYS_INLINE unsigned mask_of(IntVec held) {
#if KICKDRUM_SIMD_BYTES == 64 && defined(__AVX512DQ__)
    return static_cast<unsigned>(_mm512_movepi32_mask(reinterpret_cast<__m512i>(held)));
#elif KICKDRUM_SIMD_BYTES == 32 && defined(__AVX2__)
    return static_cast<unsigned>(_mm256_movemask_ps(reinterpret_cast<__m256>(held)));
#else
    unsigned mask = 0;
    for (int lane = 0; lane < kLanes; ++lane) mask |= held[lane] != 0 ? 1U << lane : 0U;
    return mask;
#endif
}

}  // namespace kickdrum::KICKDRUM_SIMD_NAMESPACE
