// SPDX-License-Identifier: MIT
// The handles of NVIDIA's libraries that a context holds: made when first asked for, on the context's stream,
// destroyed with the context. One thread at a time, as everything of a context.
#pragma once

#include <cublasLt.h>
#include <cudnn.h>
#include <cufft.h>

#include "kernels/cuda/context_cuda.cuh"
#include "kernels/cuda/cudnn_descriptor.cuh"

namespace kickdrum::cuda {

// Throw DeviceError where the library can't be had.
cudnnHandle_t cudnn_handle(Context& context);
cublasLtHandle_t cublaslt_handle(Context& context);

// Throw DeviceError: "cuBLASLt: cublasLtMatmul(...) failed: CUBLAS_STATUS_... (7) (file:line)".
void check_cublaslt(cublasStatus_t status, const char* call, const char* file, int line);
void check_cufft(cufftResult result, const char* call, const char* file, int line);

}  // namespace kickdrum::cuda

#define KICKDRUM_CUBLASLT_CHECK(...) \
    ::kickdrum::cuda::check_cublaslt((__VA_ARGS__), #__VA_ARGS__, __FILE__, __LINE__)
#define KICKDRUM_CUFFT_CHECK(...) \
    ::kickdrum::cuda::check_cufft((__VA_ARGS__), #__VA_ARGS__, __FILE__, __LINE__)
