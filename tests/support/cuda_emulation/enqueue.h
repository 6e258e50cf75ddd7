// SPDX-License-Identifier: MIT
// Puts work that isn't a call of the CUDA runtime on a stream of the emulated device.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>
#include <functional>
#include <source_location>
#include <string>
#include <tuple>
#include <utility>

#include "tests/support/cuda_emulation/simt/grid.h"

namespace kickdrum::emulation {

struct KernelLaunch {
    GridShape shape;
    const void* function = nullptr;
    std::source_location place;
    std::function<void()> thread;  // what each CUDA thread does
};

// Refuses a shape that a GPU refuses: cudaErrorInvalidConfiguration, cudaErrorInvalidValue. The kernel runs
// later.
cudaError_t enqueue_kernel(cudaStream_t stream, KernelLaunch launch);

template <class... Parameters, class... Arguments>
cudaError_t enqueue_kernel(cudaStream_t stream, void (*kernel)(Parameters...), const GridShape& shape,
                           std::source_location place, Arguments&&... arguments) {
    // A copy of the arguments, as the driver makes one.
    std::tuple<Parameters...> values{Parameters{std::forward<Arguments>(arguments)}...};
    return enqueue_kernel(stream,
                          {.shape = shape,
                           .function = reinterpret_cast<const void*>(kernel),
                           .place = place,
                           .thread = [kernel, values = std::move(values)] { std::apply(kernel, values); }});
}

// A function that reads and writes device memory: what stands for a call of cuDNN, cuBLASLt or cuFFT. It runs
// later, once for each replay of a graph into which it was captured, and must own what it needs besides
// device memory.
cudaError_t enqueue_host_work(cudaStream_t stream, std::string name, std::function<void()> work);

}  // namespace kickdrum::emulation
