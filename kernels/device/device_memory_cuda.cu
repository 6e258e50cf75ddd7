// SPDX-License-Identifier: MIT
#include "kernels/cuda/check.cuh"
#include "kernels/device/device_memory.h"

namespace kickdrum::cuda {

std::size_t free_device_memory(Context&) {
    std::size_t free = 0;
    std::size_t total = 0;
    KICKDRUM_CUDA_CHECK(cudaMemGetInfo(&free, &total));
    return free;
}

}  // namespace kickdrum::cuda
