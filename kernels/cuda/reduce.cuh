// SPDX-License-Identifier: MIT
// Reductions over the threads of a warp and of a block, in an order that depends on nothing but the shape:
// the same bits each time. All threads take part and all get the result (bit for bit the same one).
//
// T is a type of 4 or 8 bytes that shuffles take, or float2; `combine` is commutative: Sum, Max, or one of
// your own. The block is one-dimensional, kThreads a multiple of 32.
#pragma once

#include <cuda_runtime.h>

#include "kernels/cuda/launch.cuh"

namespace kickdrum::cuda {

constexpr int kWarpSize = 32;
constexpr unsigned kWholeWarp = 0xffffffffU;

struct Sum {
    template <class T>
    __device__ T operator()(T a, T b) const {
        return a + b;
    }
    __device__ float2 operator()(float2 a, float2 b) const { return make_float2(a.x + b.x, a.y + b.y); }
};

// As fmax but for NaN, which stays.
struct Max {
    template <class T>
    __device__ T operator()(T a, T b) const {
        return a > b || a != a ? a : b;
    }
};

template <class T>
__device__ T shuffle_xor(T value, int lanes) {
    return __shfl_xor_sync(kWholeWarp, value, lanes);
}
__device__ inline float2 shuffle_xor(float2 value, int lanes) {
    return make_float2(shuffle_xor(value.x, lanes), shuffle_xor(value.y, lanes));
}

template <class T, class Combine = Sum>
__device__ T warp_reduce(T value, Combine combine = {}) {
    // a + b and b + a are the same bits, so that both partners of a step hold the same.
    for (int lanes = kWarpSize / 2; lanes > 0; lanes /= 2) value = combine(value, shuffle_xor(value, lanes));
    return value;
}

// `identity` is what changes nothing: 0 for a sum. It has barriers: all threads of the block must come here.
template <int kThreads, class T, class Combine = Sum>
__device__ T block_reduce(T value, T identity, Combine combine = {}) {
    static_assert(kThreads % kWarpSize == 0 && kThreads <= kWarpSize * kWarpSize);
    constexpr int kWarps = kThreads / kWarpSize;
    KICKDRUM_SHARED(T, partial, kWarps);
    const int lane = static_cast<int>(threadIdx.x) % kWarpSize;
    const int warp = static_cast<int>(threadIdx.x) / kWarpSize;
    value = warp_reduce(value, combine);
    if constexpr (kWarps == 1) return value;
    if (lane == 0) partial[warp] = value;
    __syncthreads();
    value = warp_reduce(lane < kWarps ? partial[lane] : identity, combine);
    __syncthreads();  // the next call may write partial again
    return value;
}

}  // namespace kickdrum::cuda
