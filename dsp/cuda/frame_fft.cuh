// SPDX-License-Identifier: MIT
// The Fourier transform of one frame of 2 * kHalf real samples by kHalf / 8 threads, in registers and shared
// memory: z[j] = x[2j] + i x[2j + 1], a Stockham transform of kHalf points (each pass reads in one order and
// writes in another, so that no bits are reversed), then the split
//   E[k] = Z[k] + conj Z[n - k],  O[k] = -i (Z[k] - conj Z[n - k]),  n = kHalf
//   X[k] = (E[k] + exp(-pi i k / n) O[k]) / 2,  X[n - k] = conj(E[k] - exp(-pi i k / n) O[k]) / 2
// The half is in the window already. See Van Loan, "Computational Frameworks for the Fast Fourier Transform",
// 1992, sections 1.7 and 4.3. Twiddles: dsp/clip_batch_tables.h.
#pragma once

#include <cuda_runtime.h>

#include <vector>

#include "kernels/cuda/launch.cuh"

namespace kickdrum::cuda {

constexpr int kPointsPerThread = 8;

// Eights, and fours at the end where there is a factor left: 512 = 8 8 8, 1024 = 8 8 4 4.
constexpr int radix_after(int half, int done) {
    const int rest = half / done;
    return rest == 16 || rest == 4 ? 4 : 8;
}
inline std::vector<int> frame_fft_radices(int half) {
    std::vector<int> radices;
    for (int done = 1; done < half; done *= radices.back()) radices.push_back(radix_after(half, done));
    return radices;
}

// Where a point lies in shared memory: a gap after every 8 keeps the writes of the first passes, whose
// strides are 8 points, out of each other's banks.
__host__ __device__ constexpr int padded(int point) {
    return point + point / 8;
}

__device__ inline float2 plus(float2 a, float2 b) {
    return make_float2(a.x + b.x, a.y + b.y);
}
__device__ inline float2 minus(float2 a, float2 b) {
    return make_float2(a.x - b.x, a.y - b.y);
}
__device__ inline float2 times(float2 a, float2 b) {
    return make_float2(a.x * b.x - a.y * b.y, a.x * b.y + a.y * b.x);
}
__device__ inline float2 times_minus_i(float2 a) {
    return make_float2(a.y, -a.x);
}

// Transforms of 4 and 8 points, in order.
__device__ inline void transform4(float2& a, float2& b, float2& c, float2& d) {
    const float2 even_sum = plus(a, c);
    const float2 even_difference = minus(a, c);
    const float2 odd_sum = plus(b, d);
    const float2 odd_difference = times_minus_i(minus(b, d));
    a = plus(even_sum, odd_sum);
    b = plus(even_difference, odd_difference);
    c = minus(even_sum, odd_sum);
    d = minus(even_difference, odd_difference);
}
__device__ inline void transform8(float2* v) {
    constexpr float kHalfRoot = 0.70710678118654752F;
    transform4(v[0], v[2], v[4], v[6]);
    transform4(v[1], v[3], v[5], v[7]);
    const float2 odd[4] = {v[1], times(v[3], make_float2(kHalfRoot, -kHalfRoot)), times_minus_i(v[5]),
                           times(v[7], make_float2(-kHalfRoot, -kHalfRoot))};
    const float2 even[4] = {v[0], v[2], v[4], v[6]};
#pragma unroll
    for (int k = 0; k < 4; ++k) {
        v[k] = plus(even[k], odd[k]);
        v[k + 4] = minus(even[k], odd[k]);
    }
}

// One pass, by all threads of the block. `points`: padded(kHalf) of this frame. The first pass finds its
// points in v; the last leaves them in shared memory, in order.
template <int kHalf, int kDone>
__device__ void frame_fft_pass(float2 (&v)[kPointsPerThread], const float2* twiddles, float2* points,
                               int thread) {
    constexpr int kRadix = radix_after(kHalf, kDone);
    constexpr int kThreads = kHalf / kPointsPerThread;
#pragma unroll
    for (int b = 0; b < kPointsPerThread / kRadix; ++b) {
        const int j = thread + b * kThreads;
        float2* const part = v + b * kRadix;
        if constexpr (kDone > 1) {
#pragma unroll
            for (int r = 0; r < kRadix; ++r) part[r] = points[padded(j + r * (kHalf / kRadix))];
#pragma unroll
            for (int r = 1; r < kRadix; ++r) {
                part[r] = times(part[r], __ldg(twiddles + kDone - 1 + (r - 1) * kDone + j % kDone));
            }
        }
        if constexpr (kRadix == 8) {
            transform8(part);
        } else {
            transform4(part[0], part[1], part[2], part[3]);
        }
    }
    __syncthreads();  // all have read
#pragma unroll
    for (int b = 0; b < kPointsPerThread / kRadix; ++b) {
        const int j = thread + b * kThreads;
        const int target = j / kDone * (kDone * kRadix) + j % kDone;
#pragma unroll
        for (int r = 0; r < kRadix; ++r) points[padded(target + r * kDone)] = v[b * kRadix + r];
    }
    __syncthreads();
}

template <int kHalf, int kDone = 1>
__device__ void frame_fft(float2 (&v)[kPointsPerThread], const float2* twiddles, float2* points, int thread) {
    if constexpr (kDone < kHalf) {
        frame_fft_pass<kHalf, kDone>(v, twiddles, points, thread);
        frame_fft<kHalf, kDone * radix_after(kHalf, kDone)>(v, twiddles, points, thread);
    }
}

// |X[k]|^2, k = 0 ... kHalf, from the transformed points.
template <int kHalf>
__device__ void split_power(const float2* twiddles, const float2* points, int thread, float* bins) {
    for (int k = thread; k <= kHalf / 2; k += kHalf / kPointsPerThread) {
        const float2 a = points[padded(k)];
        const float2 b = points[padded((kHalf - k) % kHalf)];
        const float2 even = make_float2(a.x + b.x, a.y - b.y);
        const float2 odd = times_minus_i(make_float2(a.x - b.x, a.y + b.y));
        const float2 turned = times(odd, __ldg(twiddles + kHalf - 1 + k));
        const float2 low = plus(even, turned);
        const float2 high = minus(even, turned);
        bins[k] = low.x * low.x + low.y * low.y;
        bins[kHalf - k] = high.x * high.x + high.y * high.y;
    }
}

}  // namespace kickdrum::cuda
