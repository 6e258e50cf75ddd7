// SPDX-License-Identifier: MIT
// Sixteen bytes at once: a warp that reads and writes this way needs a quarter of the memory instructions.
// And float arithmetic on either type of activations, float or bf16: load, convert, compute in float,
// convert, store.
#pragma once

#include <cuda_bf16.h>
#include <cuda_runtime.h>

#include <cstdint>

namespace kickdrum::cuda {

using bf16 = __nv_bfloat16;

// Elements of T in 16 bytes: 4 floats, 8 bf16.
template <class T>
constexpr int kVectorSize = 16 / static_cast<int>(sizeof(T));

template <class T, int kSize = kVectorSize<T>>
struct alignas(sizeof(T) * kSize) Vector {
    T values[kSize];

    __host__ __device__ T& operator[](int i) { return values[i]; }
    __host__ __device__ const T& operator[](int i) const { return values[i]; }
};

// `source` and `target` must be multiples of the vector's size.
template <int kSize, class T>
__device__ Vector<T, kSize> load_vector(const T* source) {
    return *reinterpret_cast<const Vector<T, kSize>*>(source);
}
template <int kSize, class T>
__device__ void store_vector(T* target, const Vector<T, kSize>& value) {
    *reinterpret_cast<Vector<T, kSize>*>(target) = value;
}

// Whether all of memory that begins here can be read in vectors of kSize elements, given rows of `row`
// elements.
template <int kSize, class T>
bool fits_vectors(const T* pointer, std::int64_t row) {
    return row % kSize == 0 && reinterpret_cast<std::uintptr_t>(pointer) % (sizeof(T) * kSize) == 0;
}

__host__ __device__ inline float to_float(float value) {
    return value;
}
__host__ __device__ inline float to_float(bf16 value) {
    return __bfloat162float(value);
}

// Rounds to the nearest, ties to even.
template <class T>
__host__ __device__ T from_float(float value);
template <>
__host__ __device__ inline float from_float<float>(float value) {
    return value;
}
template <>
__host__ __device__ inline bf16 from_float<bf16>(float value) {
    return __float2bfloat16_rn(value);
}

}  // namespace kickdrum::cuda
