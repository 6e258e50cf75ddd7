// SPDX-License-Identifier: MIT
// What a Context holds on CUDA: the device it runs on, one stream for all its work, and the libraries'
// handles.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <memory>
#include <string>

#include "kernels/device/context.h"

namespace kickdrum::cuda {

struct DeviceInfo {
    std::string name;
    int architecture = 0;  // 10 * major + minor: 90 for an H100
    int multiprocessors = 0;
    std::size_t memory_bytes = 0;
    std::size_t shared_bytes_per_block = 0;  // dynamic shared memory that a kernel may ask for
};

// Handles of cuDNN and cuBLASLt, made when first needed; defined beside the calls of the libraries.
struct Libraries;

struct ContextState {
    DeviceInfo device;
    cudaStream_t stream = nullptr;  // non-blocking
    std::unique_ptr<Libraries, void (*)(Libraries*)> libraries{nullptr, [](Libraries*) {}};
};

inline cudaStream_t stream(Context& context) {
    return context.cuda_state()->stream;
}
inline const DeviceInfo& device_info(Context& context) {
    return context.cuda_state()->device;
}

}  // namespace kickdrum::cuda
