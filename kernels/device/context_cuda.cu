// SPDX-License-Identifier: MIT
#include "kernels/cuda/context_cuda.cuh"

#include "kernels/cuda/check.cuh"
#include "kernels/device/context_backend.h"
#include "kernels/device/cuda_status.h"
#include "kernels/device/transfer.h"

namespace kickdrum::cuda {
namespace {

int attribute(cudaDeviceAttr which, int device) {
    int value = 0;
    KICKDRUM_CUDA_CHECK(cudaDeviceGetAttribute(&value, which, device));
    return value;
}

int architecture(int device) {
    return 10 * attribute(cudaDevAttrComputeCapabilityMajor, device) +
           attribute(cudaDevAttrComputeCapabilityMinor, device);
}

DeviceInfo describe(int device) {
    cudaDeviceProp properties{};
    KICKDRUM_CUDA_CHECK(cudaGetDeviceProperties(&properties, device));
    return {.name = properties.name,
            .architecture = architecture(device),
            .multiprocessors = properties.multiProcessorCount,
            .memory_bytes = properties.totalGlobalMem,
            .shared_bytes_per_block = properties.sharedMemPerBlockOptin};
}

}  // namespace

void check(cudaError_t error, const char* call, const char* file, int line) {
    if (error == cudaSuccess) return;
    ignore(error);
    throw DeviceError(fmt::format("CUDA: {} failed: {} ({}), {} ({}:{})", call, cudaGetErrorName(error),
                                  static_cast<int>(error), cudaGetErrorString(error), file, line));
}

void ignore(cudaError_t error) noexcept {
    // The runtime keeps a thread's last error until it's fetched; of a dead device it gives it again and
    // again.
    if (error != cudaSuccess) static_cast<void>(cudaGetLastError());
}

ContextState* make_context_state() {
    if (const CudaStatus status = cuda_status(); !status.usable()) {
        throw DeviceError(fmt::format("CUDA can't be used: {}. What to do: {}", status.what, status.remedy));
    }
    auto state = std::make_unique<ContextState>();
    state->device = describe(0);
    KICKDRUM_CUDA_CHECK(cudaStreamCreateWithFlags(&state->stream, cudaStreamNonBlocking));
    return state.release();
}

void destroy_context_state(ContextState* state) {
    state->libraries.reset();
    ignore(cudaStreamSynchronize(state->stream));
    ignore(cudaStreamDestroy(state->stream));
    delete state;
}

void* allocate(Context& context, std::size_t bytes) {
    void* memory = nullptr;
    const cudaError_t error = cudaMalloc(&memory, bytes);
    if (error == cudaErrorMemoryAllocation) {
        ignore(error);
        std::size_t free = 0;
        std::size_t total = 0;
        KICKDRUM_CUDA_CHECK(cudaMemGetInfo(&free, &total));
        throw OutOfDeviceMemory(bytes, free);
    }
    check(error, "cudaMalloc", __FILE__, __LINE__);
    const cudaError_t filled = cudaMemsetAsync(memory, 0, bytes, stream(context));
    if (filled != cudaSuccess) {
        ignore(cudaFree(memory));
        check(filled, "cudaMemsetAsync", __FILE__, __LINE__);
    }
    return memory;
}

void release(Context& context, void* memory) noexcept {
    // Work that was asked for may still use it.
    ignore(cudaStreamSynchronize(stream(context)));
    ignore(cudaFree(memory));
}

void upload_async(Context& context, const void* host, Tensor dst) {
    KICKDRUM_CUDA_CHECK(
        cudaMemcpyAsync(dst.data, host, dst.bytes(), cudaMemcpyHostToDevice, stream(context)));
}

void download_async(Context& context, Tensor src, void* host) {
    KICKDRUM_CUDA_CHECK(
        cudaMemcpyAsync(host, src.data, src.bytes(), cudaMemcpyDeviceToHost, stream(context)));
}

void synchronize(Context& context) {
    KICKDRUM_CUDA_CHECK(cudaStreamSynchronize(stream(context)));
}

void* allocate_host(Context&, std::size_t bytes) {
    void* memory = nullptr;
    KICKDRUM_CUDA_CHECK(cudaMallocHost(&memory, bytes));
    return memory;
}

void release_host(Context& context, void* memory) noexcept {
    ignore(cudaStreamSynchronize(stream(context)));
    ignore(cudaFreeHost(memory));
}

}  // namespace kickdrum::cuda
