// SPDX-License-Identifier: MIT
// The part of intrinsics.h that concerns one thread alone: loads, bits, arithmetic, integer atomics. Fast
// approximations (__expf) are the host's exact functions.
#pragma once

#include <atomic>
#include <bit>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <cstdlib>

// NOLINTBEGIN(bugprone-reserved-identifier,readability-identifier-naming): the names are CUDA's.
inline void __threadfence() {
    std::atomic_thread_fence(std::memory_order_seq_cst);
}
inline void __threadfence_block() {
    std::atomic_thread_fence(std::memory_order_seq_cst);
}

// Loads and stores with a cache hint.
template <class T>
T __ldg(const T* pointer) {
    return *pointer;
}
template <class T>
T __ldcs(const T* pointer) {
    return *pointer;
}
template <class T>
T __ldcg(const T* pointer) {
    return *pointer;
}
template <class T>
void __stcs(T* pointer, T value) {
    *pointer = value;
}
template <class T>
void __stcg(T* pointer, T value) {
    *pointer = value;
}

inline int __float_as_int(float value) {
    return std::bit_cast<int>(value);
}
inline unsigned __float_as_uint(float value) {
    return std::bit_cast<unsigned>(value);
}
inline float __int_as_float(int value) {
    return std::bit_cast<float>(value);
}
inline float __uint_as_float(unsigned value) {
    return std::bit_cast<float>(value);
}

inline int __popc(unsigned value) {
    return std::popcount(value);
}
inline int __popcll(unsigned long long value) {
    return std::popcount(value);
}
inline int __clz(int value) {
    return std::countl_zero(static_cast<unsigned>(value));
}
inline int __clzll(long long value) {
    return std::countl_zero(static_cast<unsigned long long>(value));
}
// The position of the lowest bit, counted from 1; 0 for 0.
inline int __ffs(int value) {
    return value == 0 ? 0 : 1 + std::countr_zero(static_cast<unsigned>(value));
}
inline unsigned __brev(unsigned value) {
    unsigned reversed = 0;
    for (int i = 0; i < 32; ++i, value >>= 1U) reversed = (reversed << 1U) | (value & 1U);
    return reversed;
}
inline unsigned __umulhi(unsigned a, unsigned b) {
    return static_cast<unsigned>((std::uint64_t{a} * b) >> 32U);
}

inline float rsqrtf(float x) {
    return 1.0F / std::sqrt(x);
}
inline float __frsqrt_rn(float x) {
    return 1.0F / std::sqrt(x);
}
inline float __fsqrt_rn(float x) {
    return std::sqrt(x);
}
inline float __frcp_rn(float x) {
    return 1.0F / x;
}
inline float __fdividef(float a, float b) {
    return a / b;
}
inline float __fdiv_rn(float a, float b) {
    return a / b;
}
inline float __fadd_rn(float a, float b) {
    return a + b;
}
inline float __fsub_rn(float a, float b) {
    return a - b;
}
inline float __fmul_rn(float a, float b) {
    return a * b;
}
inline float __fmaf_rn(float a, float b, float c) {
    return std::fma(a, b, c);
}
inline float __expf(float x) {
    return std::exp(x);
}
inline float __logf(float x) {
    return std::log(x);
}
inline float __log2f(float x) {
    return std::log2(x);
}
inline float __sinf(float x) {
    return std::sin(x);
}
inline float __cosf(float x) {
    return std::cos(x);
}
inline float __powf(float x, float y) {
    return std::pow(x, y);
}
inline float __saturatef(float x) {
    return x > 0 ? (x < 1 ? x : 1.0F) : 0.0F;
}

// CUDA's min and max have no namespace and take two of one type. Of a number and NaN, the float versions give
// the number.
template <std::integral T>
constexpr T min(T a, T b) {
    return b < a ? b : a;
}
template <std::integral T>
constexpr T max(T a, T b) {
    return a < b ? b : a;
}
inline float min(float a, float b) {
    return std::fmin(a, b);
}
inline float max(float a, float b) {
    return std::fmax(a, b);
}

namespace kickdrum::emulation {

// The types that atomics of CUDA take, without the floats.
template <class T>
concept AtomicInteger =
    std::same_as<T, int> || std::same_as<T, unsigned> || std::same_as<T, unsigned long long>;

template <class T, class Change>
T atomic_update(T* address, Change change) {
    std::atomic_ref<T> target(*address);
    T old = target.load(std::memory_order_relaxed);
    while (!target.compare_exchange_weak(old, change(old), std::memory_order_relaxed)) {
    }
    return old;
}

}  // namespace kickdrum::emulation

// All return what was there before.
template <kickdrum::emulation::AtomicInteger T>
T atomicAdd(T* address, std::type_identity_t<T> value) {
    return std::atomic_ref<T>(*address).fetch_add(value, std::memory_order_relaxed);
}
template <kickdrum::emulation::AtomicInteger T>
T atomicOr(T* address, std::type_identity_t<T> value) {
    return std::atomic_ref<T>(*address).fetch_or(value, std::memory_order_relaxed);
}
template <kickdrum::emulation::AtomicInteger T>
T atomicAnd(T* address, std::type_identity_t<T> value) {
    return std::atomic_ref<T>(*address).fetch_and(value, std::memory_order_relaxed);
}
template <kickdrum::emulation::AtomicInteger T>
T atomicExch(T* address, std::type_identity_t<T> value) {
    return std::atomic_ref<T>(*address).exchange(value, std::memory_order_relaxed);
}
template <kickdrum::emulation::AtomicInteger T>
T atomicCAS(T* address, std::type_identity_t<T> expected, std::type_identity_t<T> value) {
    std::atomic_ref<T>(*address).compare_exchange_strong(expected, value, std::memory_order_relaxed);
    return expected;
}
template <kickdrum::emulation::AtomicInteger T>
T atomicMax(T* address, std::type_identity_t<T> value) {
    return kickdrum::emulation::atomic_update(address, [value](T old) { return old < value ? value : old; });
}
template <kickdrum::emulation::AtomicInteger T>
T atomicMin(T* address, std::type_identity_t<T> value) {
    return kickdrum::emulation::atomic_update(address, [value](T old) { return value < old ? value : old; });
}
// NOLINTEND(bugprone-reserved-identifier,readability-identifier-naming)
