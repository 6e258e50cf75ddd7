// SPDX-License-Identifier: MIT
// Vectors of floats on GCC's and Clang's vector extensions, for the sources that are compiled once per instruction set
// (KICKDRUM_SIMD_BYTES: 16 plain, 32 AVX2, 64 AVX-512). Only what the extensions don't express well uses intrinsics.
// Everything here is always inlined: no copy of it may be shared between the instruction sets.
#pragma once

#include <cstddef>
#include <cstdint>

#if KICKDRUM_SIMD_BYTES > 16
#include <immintrin.h>
#endif

#define KICKDRUM_ALWAYS_INLINE __attribute__((always_inline)) inline
#define KICKDRUM_LAMBDA __attribute__((always_inline))
#define KICKDRUM_UNROLL _Pragma("GCC unroll 16")

namespace kickdrum::KICKDRUM_SIMD_NAMESPACE {

constexpr int kLanes = KICKDRUM_SIMD_BYTES / 4;

using Vec = float __attribute__((vector_size(KICKDRUM_SIMD_BYTES)));
using IntVec = std::int32_t __attribute__((vector_size(KICKDRUM_SIMD_BYTES)));

KICKDRUM_ALWAYS_INLINE Vec load(const float* p) {
    Vec v;
    __builtin_memcpy(&v, p, sizeof(v));
    return v;
}
KICKDRUM_ALWAYS_INLINE void store(float* p, Vec v) {
    __builtin_memcpy(p, &v, sizeof(v));
}

// The first n < kLanes elements; the other lanes are 0 and aren't read or written.
KICKDRUM_ALWAYS_INLINE Vec load_part(const float* p, int n) {
    Vec v{};
    for (int i = 0; i < n; ++i) v[i] = p[i];
    return v;
}
KICKDRUM_ALWAYS_INLINE void store_part(float* p, Vec v, int n) {
    for (int i = 0; i < n; ++i) p[i] = v[i];
}

KICKDRUM_ALWAYS_INLINE Vec splat(float x) {
    return Vec{} + x;
}
// x where the comparison held, else 0.
KICKDRUM_ALWAYS_INLINE Vec keep(IntVec mask, Vec x) {
    IntVec bits;
    __builtin_memcpy(&bits, &x, sizeof(bits));
    bits &= mask;
    __builtin_memcpy(&x, &bits, sizeof(x));
    return x;
}

// Bytes <-> lanes (GCC 12 makes scalar code of __builtin_convertvector here); permute: table[index] in every lane;
// load_rows4: kLanes / 4 rows of 4 floats, `stride` floats apart.
#if KICKDRUM_SIMD_BYTES == 64 && defined(__AVX512F__)
KICKDRUM_ALWAYS_INLINE IntVec load_bytes(const std::uint8_t* p) {
    return reinterpret_cast<IntVec>(
        _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))));
}
KICKDRUM_ALWAYS_INLINE void store_bytes(std::uint8_t* p, IntVec v) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm512_cvtepi32_epi8(reinterpret_cast<__m512i>(v)));
}
KICKDRUM_ALWAYS_INLINE Vec permute(Vec table, IntVec index) {
    return reinterpret_cast<Vec>(
        _mm512_permutexvar_ps(reinterpret_cast<__m512i>(index), reinterpret_cast<__m512>(table)));
}
KICKDRUM_ALWAYS_INLINE Vec load_rows4(const float* p, std::ptrdiff_t stride) {
    const __m256 low = _mm256_loadu2_m128(p + stride, p);
    const __m256 high = _mm256_loadu2_m128(p + 3 * stride, p + 2 * stride);
    return reinterpret_cast<Vec>(
        _mm512_insertf64x4(_mm512_castpd256_pd512(_mm256_castps_pd(low)), _mm256_castps_pd(high), 1));
}
#elif KICKDRUM_SIMD_BYTES == 32 && defined(__AVX2__)
KICKDRUM_ALWAYS_INLINE IntVec load_bytes(const std::uint8_t* p) {
    return reinterpret_cast<IntVec>(
        _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p))));
}
KICKDRUM_ALWAYS_INLINE void store_bytes(std::uint8_t* p, IntVec v) {
    const auto wide = reinterpret_cast<__m256i>(v);
    const __m128i half = _mm_packs_epi32(_mm256_castsi256_si128(wide), _mm256_extracti128_si256(wide, 1));
    _mm_storel_epi64(reinterpret_cast<__m128i*>(p), _mm_packus_epi16(half, half));
}
KICKDRUM_ALWAYS_INLINE Vec permute(Vec table, IntVec index) {
    return reinterpret_cast<Vec>(
        _mm256_permutevar8x32_ps(reinterpret_cast<__m256>(table), reinterpret_cast<__m256i>(index)));
}
KICKDRUM_ALWAYS_INLINE Vec load_rows4(const float* p, std::ptrdiff_t stride) {
    return reinterpret_cast<Vec>(_mm256_loadu2_m128(p + stride, p));
}
#else
KICKDRUM_ALWAYS_INLINE IntVec load_bytes(const std::uint8_t* p) {
    IntVec v;
    for (int i = 0; i < kLanes; ++i) v[i] = p[i];
    return v;
}
KICKDRUM_ALWAYS_INLINE void store_bytes(std::uint8_t* p, IntVec v) {
    for (int i = 0; i < kLanes; ++i) p[i] = static_cast<std::uint8_t>(v[i]);
}
KICKDRUM_ALWAYS_INLINE Vec permute(Vec table, IntVec index) {
    Vec v;
    for (int i = 0; i < kLanes; ++i) v[i] = table[index[i]];
    return v;
}
KICKDRUM_ALWAYS_INLINE Vec load_rows4(const float* p, std::ptrdiff_t stride) {
    Vec v;
    for (int i = 0; i < kLanes; ++i) v[i] = p[i / 4 * stride + i % 4];
    return v;
}
#endif

KICKDRUM_ALWAYS_INLINE IntVec load_bytes_part(const std::uint8_t* p, int n) {
    IntVec v{};
    for (int i = 0; i < n; ++i) v[i] = p[i];
    return v;
}
KICKDRUM_ALWAYS_INLINE void store_bytes_part(std::uint8_t* p, IntVec v, int n) {
    for (int i = 0; i < n; ++i) p[i] = static_cast<std::uint8_t>(v[i]);
}

// Hides where a pointer comes from. GCC otherwise hoists dozens of invariant addresses out of a loop and spills them.
template <class E>
KICKDRUM_ALWAYS_INLINE E* opaque(E* p) {
    __asm__("" : "+r"(p));
    return p;
}

KICKDRUM_ALWAYS_INLINE int min_of(int a, int b) {
    return a < b ? a : b;
}
KICKDRUM_ALWAYS_INLINE int max_of(int a, int b) {
    return a > b ? a : b;
}

}  // namespace kickdrum::KICKDRUM_SIMD_NAMESPACE
