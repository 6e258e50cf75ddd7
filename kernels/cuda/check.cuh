// SPDX-License-Identifier: MIT
// Errors of the CUDA runtime as exceptions.
#pragma once

#include <cuda_runtime_api.h>

#include "kernels/device/error.h"

namespace kickdrum::cuda {

// Throws DeviceError: "CUDA: cudaMemcpyAsync(...) failed: cudaErrorInvalidValue (1), invalid argument
// (file:line)".
void check(cudaError_t error, const char* call, const char* file, int line);
// An error that is nobody's any more: in destructors, where the stream's owner has heard of it already. Nor
// shall the next kernel's launch find it.
void ignore(cudaError_t error) noexcept;

}  // namespace kickdrum::cuda

#define KICKDRUM_CUDA_CHECK(...) ::kickdrum::cuda::check((__VA_ARGS__), #__VA_ARGS__, __FILE__, __LINE__)
