// SPDX-License-Identifier: MIT
// The emulated device's version of kernels/cuda/launch.cuh, which it hides: the same names, for the host's
// compiler.
#pragma once

#include <cuda_runtime.h>

#include <cstddef>
#include <source_location>
#include <utility>

#include "kernels/cuda/check.cuh"
#include "kernels/cuda/context_cuda.cuh"
#include "tests/support/cuda_emulation/enqueue.h"
#include "tests/support/cuda_emulation/simt/intrinsics.h"

namespace kickdrum::cuda {

constexpr std::size_t kDefaultDynamicSharedBytes = emulation::kStaticSharedLimit;

struct LaunchShape {
    dim3 grid;
    dim3 block;
    std::size_t dynamic_shared_bytes = 0;
    std::source_location place = std::source_location::current();  // for messages
};

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
    // As after <<<...>>>, an earlier call's error that nobody has fetched would be taken for this launch's.
    static_cast<void>(emulation::enqueue_kernel(stream(context), kernel,
                                                {shape.grid, shape.block, shape.dynamic_shared_bytes},
                                                shape.place, std::forward<Arguments>(arguments)...));
    check(cudaGetLastError(), "a kernel's launch", shape.place.file_name(),
          static_cast<int>(shape.place.line()));
}

}  // namespace kickdrum::cuda
