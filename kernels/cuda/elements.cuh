// SPDX-License-Identifier: MIT
// What kernels that go over elements share: the grid, the loop, and the choice of the type of activations and
// of the number of elements that a thread takes at once.
#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <type_traits>

#include "kernels/cuda/launch.cuh"
#include "kernels/cuda/vec.cuh"
#include "kernels/device/tensor.h"

namespace kickdrum::cuda {

constexpr int kElementThreads = 256;
constexpr int kBlocksPerMultiprocessor = 8;
// Of every vector that kernels load or store: 8 of them are bf16, or the i32 beside them.
constexpr std::uintptr_t kVectorAlignment = 32;

// A grid for a loop over `items` from thread_number() on, in steps of thread_count().
inline LaunchShape elements_shape(Context& context, std::int64_t items) {
    const std::int64_t most = std::int64_t{device_info(context).multiprocessors} * kBlocksPerMultiprocessor;
    const std::int64_t blocks = std::min((items + kElementThreads - 1) / kElementThreads, most);
    return {.grid = dim3(static_cast<unsigned>(std::max<std::int64_t>(blocks, 1))),
            .block = dim3(kElementThreads)};
}

__device__ inline std::int64_t thread_number() {
    return static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
}
__device__ inline std::int64_t thread_count() {
    return static_cast<std::int64_t>(gridDim.x) * blockDim.x;
}

template <int kSize>
using VectorSize = std::integral_constant<int, kSize>;

// Calls body(VectorSize<kSize>, first element) for all whole vectors of `count` elements, then
// body(VectorSize<1>, element) for the rest.
template <int kSize, class Body>
__device__ void for_each_vector(std::int64_t count, const Body& body) {
    const std::int64_t vectors = count / kSize;
    for (std::int64_t i = thread_number(); i < vectors; i += thread_count()) {
        body(VectorSize<kSize>{}, i * kSize);
    }
    if constexpr (kSize > 1) {
        const std::int64_t last = vectors * kSize + thread_number();
        if (last < count) body(VectorSize<1>{}, last);
    }
}

// Whether rows of `row` elements, of which `size` go into a vector, can be read in vectors everywhere.
inline bool fits_vectors(std::int64_t row, int size, std::initializer_list<const void*> memory) {
    return row % size == 0 && std::all_of(memory.begin(), memory.end(), [](const void* pointer) {
               return reinterpret_cast<std::uintptr_t>(pointer) % kVectorAlignment == 0;
           });
}

// Calls task(std::type_identity<T>) with T = float or bf16.
template <class Task>
void with_activation_type(DType dtype, const Task& task) {
    if (dtype == DType::bf16) {
        task(std::type_identity<bf16>{});
    } else {
        task(std::type_identity<float>{});
    }
}

// The same with the size of vectors: task(std::type_identity<T>, VectorSize<kSize>). kSize is that of 16
// bytes where rows and memory ("no tensor" is null) allow it, else 1. For flat memory `row` is 0.
template <class Task>
void with_vectors(DType dtype, std::int64_t row, std::initializer_list<const void*> memory,
                  const Task& task) {
    with_activation_type(dtype, [&]<class T>(std::type_identity<T> type) {
        if (fits_vectors(row, kVectorSize<T>, memory)) {
            task(type, VectorSize<kVectorSize<T>>{});
        } else {
            task(type, VectorSize<1>{});
        }
    });
}

template <class T>
T* data_of(const Tensor& tensor) {
    return static_cast<T*>(tensor.data);
}

}  // namespace kickdrum::cuda
