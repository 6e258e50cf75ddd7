// SPDX-License-Identifier: MIT
#include <cuda_runtime_api.h>

#include "kernels/device/cuda_status.h"

namespace kickdrum::cuda {
namespace {

GpuFacts describe(int device) {
    cudaDeviceProp properties{};
    if (cudaGetDeviceProperties(&properties, device) != cudaSuccess) return {};
    return {.name = properties.name,
            .architecture = 10 * properties.major + properties.minor,
            .memory_bytes = properties.totalGlobalMem,
            .multiprocessors = properties.multiProcessorCount};
}

}  // namespace

void find_gpus(CudaFacts& facts) {
    // Both leave their output alone where they fail.
    static_cast<void>(cudaRuntimeGetVersion(&facts.runtime));
    static_cast<void>(cudaDriverGetVersion(&facts.driver));
    int count = 0;
    const cudaError_t error = cudaGetDeviceCount(&count);
    facts.error = static_cast<int>(error);
    if (error != cudaSuccess) {
        facts.error_text = std::string(cudaGetErrorName(error)) + ": " + cudaGetErrorString(error);
        static_cast<void>(cudaGetLastError());  // later calls shall not report it again
        return;
    }
    for (int device = 0; device < count; ++device) facts.gpus.push_back(describe(device));
}

}  // namespace kickdrum::cuda
