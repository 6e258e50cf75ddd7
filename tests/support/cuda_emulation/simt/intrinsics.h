// SPDX-License-Identifier: MIT
// CUDA C++ for the host compiler: the names that kernels use, on top of grid.h. The words of the language
// that mean nothing here expand to nothing. What isn't listed doesn't compile, atomics on floats on purpose:
// their sums depend on who comes first.
#pragma once

#include <cuda_runtime.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <source_location>
#include <type_traits>

#include "tests/support/cuda_emulation/simt/grid.h"

#undef __global__
#undef __device__
#undef __host__
#undef __forceinline__
#undef __launch_bounds__
#undef __align__
#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __launch_bounds__(...)
#define __align__(bytes) alignas(bytes)

#define threadIdx (::kickdrum::emulation::thread_index())
#define blockIdx (::kickdrum::emulation::block_index())
#define blockDim (::kickdrum::emulation::block_size())
#define gridDim (::kickdrum::emulation::grid_size())
constexpr int warpSize = 32;

// Each array is found by the address of a variable that only it has.
#define KICKDRUM_SHARED(Type, name, count)                                                       \
    static const char name##_key = 0;                                                            \
    Type(&name)[count] = *reinterpret_cast<Type(*)[count]>(::kickdrum::emulation::static_shared( \
        &name##_key, #name, sizeof(Type) * static_cast<std::size_t>(count)))
#define KICKDRUM_DYNAMIC_SHARED(Type, name) \
    Type* const name = reinterpret_cast<Type*>(::kickdrum::emulation::dynamic_shared())

// NOLINTBEGIN(bugprone-reserved-identifier,readability-identifier-naming): the names are CUDA's.
using KickdrumPlace = std::source_location;

inline void __syncthreads(KickdrumPlace place = KickdrumPlace::current()) {
    kickdrum::emulation::block_barrier(place);
}
inline int __syncthreads_count(int vote, KickdrumPlace place = KickdrumPlace::current()) {
    return kickdrum::emulation::block_barrier_count(vote != 0, place);
}
inline int __syncthreads_or(int vote, KickdrumPlace place = KickdrumPlace::current()) {
    return static_cast<int>(__syncthreads_count(vote, place) > 0);
}
inline int __syncthreads_and(int vote, KickdrumPlace place = KickdrumPlace::current()) {
    return static_cast<int>(__syncthreads_count(static_cast<int>(vote == 0), place) == 0);
}
inline void __syncwarp(unsigned mask = 0xffffffffU, KickdrumPlace place = KickdrumPlace::current()) {
    kickdrum::emulation::warp_collective(kickdrum::emulation::WarpOperation::synchronise, mask, 0, 0, place);
}
inline unsigned __ballot_sync(unsigned mask, int vote, KickdrumPlace place = KickdrumPlace::current()) {
    return static_cast<unsigned>(kickdrum::emulation::warp_collective(
        kickdrum::emulation::WarpOperation::ballot, mask, vote != 0 ? 1 : 0, 0, place));
}
inline int __any_sync(unsigned mask, int vote, KickdrumPlace place = KickdrumPlace::current()) {
    return static_cast<int>(__ballot_sync(mask, vote, place) != 0);
}
inline int __all_sync(unsigned mask, int vote, KickdrumPlace place = KickdrumPlace::current()) {
    return static_cast<int>(__ballot_sync(mask, static_cast<int>(vote == 0), place) == 0);
}

namespace kickdrum::emulation {

template <class T>
T shuffle(unsigned mask, T value, int source, std::source_location place) {
    static_assert(std::is_trivially_copyable_v<T> && (sizeof(T) == 4 || sizeof(T) == 8 || sizeof(T) == 2));
    std::uint64_t bits = 0;
    std::memcpy(&bits, &value, sizeof value);
    bits = warp_collective(WarpOperation::shuffle, mask, bits, source, place);
    std::memcpy(&value, &bits, sizeof value);
    return value;
}

}  // namespace kickdrum::emulation

// `width`, a power of 2, cuts the warp into parts; beyond a part's end a lane gets its own value back.
template <class T>
T __shfl_sync(unsigned mask, T value, int source, int width = 32,
              KickdrumPlace place = KickdrumPlace::current()) {
    const int lane = kickdrum::emulation::lane_index();
    return kickdrum::emulation::shuffle(mask, value, (lane & ~(width - 1)) + (source & (width - 1)), place);
}
template <class T>
T __shfl_down_sync(unsigned mask, T value, unsigned by, int width = 32,
                   KickdrumPlace place = KickdrumPlace::current()) {
    const int lane = kickdrum::emulation::lane_index();
    const int source =
        (lane & (width - 1)) + static_cast<int>(by) < width ? lane + static_cast<int>(by) : lane;
    return kickdrum::emulation::shuffle(mask, value, source, place);
}
template <class T>
T __shfl_up_sync(unsigned mask, T value, unsigned by, int width = 32,
                 KickdrumPlace place = KickdrumPlace::current()) {
    const int lane = kickdrum::emulation::lane_index();
    const int source = (lane & (width - 1)) >= static_cast<int>(by) ? lane - static_cast<int>(by) : lane;
    return kickdrum::emulation::shuffle(mask, value, source, place);
}
template <class T>
T __shfl_xor_sync(unsigned mask, T value, int by, int width = 32,
                  KickdrumPlace place = KickdrumPlace::current()) {
    const int lane = kickdrum::emulation::lane_index();
    const int other = lane ^ by;
    // A lane may look into its own part or those before it, not behind.
    const int source = (other & ~(width - 1)) <= (lane & ~(width - 1)) ? other : lane;
    return kickdrum::emulation::shuffle(mask, value, source, place);
}
// NOLINTEND(bugprone-reserved-identifier,readability-identifier-naming)

#include "tests/support/cuda_emulation/simt/device_functions.h"
