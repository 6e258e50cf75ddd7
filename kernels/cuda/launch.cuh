// SPDX-License-Identifier: MIT
// How kernels are launched and how they get shared memory. Every kernel of this program uses these instead of
// <<<...>>> and __shared__, so that the same source can also be compiled for a device that isn't NVIDIA's.
//
//   __global__ void sum(const float* src, float* dst, std::int64_t n) {
//       KICKDRUM_SHARED(float, partial, 32);      // float partial[32], uninitialised
//       ...
//   }
//   launch(context, sum, {.grid = dim3(blocks), .block = dim3(256)}, src, dst, n);
#pragma once

#include <cuda_runtime.h>

#include <cstddef>
#include <source_location>
#include <utility>

#include "kernels/cuda/check.cuh"
#include "kernels/cuda/context_cuda.cuh"

// A shared array of `count` (constant) elements of a type without constructor.
#define KICKDRUM_SHARED(Type, name, count) __shared__ Type name[count]
// The dynamic shared memory of the launch as Type*, 16-byte aligned. Once in a kernel.
#define KICKDRUM_DYNAMIC_SHARED(Type, name)                                         \
    extern __shared__ __align__(16) unsigned char kickdrum_dynamic_shared_memory[]; \
    Type* const name = reinterpret_cast<Type*>(kickdrum_dynamic_shared_memory)

namespace kickdrum::cuda {

// What a kernel gets without being asked for more.
constexpr std::size_t kDefaultDynamicSharedBytes = 48 * 1024;

struct LaunchShape {
    dim3 grid;
    dim3 block;
    std::size_t dynamic_shared_bytes = 0;
    std::source_location place = std::source_location::current();  // for messages
};

// Enqueues the kernel on the context's stream. Arguments are converted to the kernel's parameter types; what
// would lose digits (std::int64_t to int) doesn't compile. Throws DeviceError where the device refuses the
// shape; an error inside the kernel shows at a later synchronisation.
template <class... Parameters, class... Arguments>
void launch(Context& context, void (*kernel)(Parameters...), const LaunchShape& shape,
            Arguments&&... arguments) {
    static_assert(sizeof...(Parameters) == sizeof...(Arguments),
                  "the kernel has another number of parameters");
    if (shape.dynamic_shared_bytes > kDefaultDynamicSharedBytes) {
        KICKDRUM_CUDA_CHECK(cudaFuncSetAttribute(reinterpret_cast<const void*>(kernel),
                                                 cudaFuncAttributeMaxDynamicSharedMemorySize,
                                                 static_cast<int>(shape.dynamic_shared_bytes)));
    }
    kernel<<<shape.grid, shape.block, shape.dynamic_shared_bytes, stream(context)>>>(
        Parameters{std::forward<Arguments>(arguments)}...);
    check(cudaGetLastError(), "a kernel's launch", shape.place.file_name(),
          static_cast<int>(shape.place.line()));
}

}  // namespace kickdrum::cuda
