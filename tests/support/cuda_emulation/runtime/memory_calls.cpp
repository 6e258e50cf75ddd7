// SPDX-License-Identifier: MIT
// The runtime's functions that allocate, copy and fill memory.
#include <cstdlib>
#include <cstring>

#include "tests/support/cuda_emulation/runtime/runtime.h"
#include "tests/support/cuda_emulation/simt/grid.h"

namespace kickdrum::emulation {
namespace {

// Whether device and host memory are where the kind says, and a device's range inside one allocation.
cudaError_t check_copy(const Runtime& runtime, const void* target, const void* source, std::size_t bytes,
                       cudaMemcpyKind* kind) {
    const bool to_device = runtime.memory.touches(target);
    const bool from_device = runtime.memory.touches(source);
    if (to_device && !runtime.memory.contains(target, bytes)) return cudaErrorInvalidValue;
    if (from_device && !runtime.memory.contains(source, bytes)) return cudaErrorInvalidValue;
    const cudaMemcpyKind actual = to_device
                                      ? (from_device ? cudaMemcpyDeviceToDevice : cudaMemcpyHostToDevice)
                                      : (from_device ? cudaMemcpyDeviceToHost : cudaMemcpyHostToHost);
    if (*kind != cudaMemcpyDefault && *kind != actual) return cudaErrorInvalidMemcpyDirection;
    *kind = actual;
    return target == nullptr || source == nullptr ? cudaErrorInvalidValue : cudaSuccess;
}

// Host memory is read or written when the copy's turn comes, not when it is asked for.
cudaError_t enqueue_copy(Runtime& runtime, CUstream_st& stream, void* target, const void* source,
                         std::size_t bytes, cudaMemcpyKind kind) {
    if (bytes == 0) return cudaSuccess;
    if (const cudaError_t error = check_copy(runtime, target, source, bytes, &kind)) return error;
    if (kind == cudaMemcpyHostToDevice) ++runtime.counts.host_to_device;
    if (kind == cudaMemcpyDeviceToHost) ++runtime.counts.device_to_host;
    if (kind == cudaMemcpyDeviceToDevice) ++runtime.counts.device_to_device;
    return runtime.enqueue(
        stream, [=] { std::memmove(target, source, bytes); }, "copy");
}

cudaError_t enqueue_fill(Runtime& runtime, CUstream_st& stream, void* target, int value, std::size_t bytes) {
    if (bytes == 0) return cudaSuccess;
    if (!runtime.memory.contains(target, bytes)) return cudaErrorInvalidValue;
    ++runtime.counts.memsets;
    return runtime.enqueue(
        stream, [=] { std::memset(target, value, bytes); }, "fill");
}

cudaError_t wait_for_default_stream(Runtime& runtime) {
    ++runtime.counts.synchronisations;
    return runtime.drain([&runtime] { return runtime.default_stream.queue.empty(); });
}

}  // namespace
}  // namespace kickdrum::emulation

using kickdrum::emulation::call;
using kickdrum::emulation::CallKind;
using kickdrum::emulation::Runtime;

extern "C" {

cudaError_t cudaMalloc(void** pointer, size_t bytes) {
    return call([=](Runtime& runtime) {
        if (const cudaError_t error = runtime.refuse_while_capturing()) return error;
        ++runtime.counts.allocations;
        *pointer = nullptr;
        if (runtime.mallocs_until_failure > 0 && --runtime.mallocs_until_failure == 0)
            return cudaErrorMemoryAllocation;
        if (bytes == 0) return cudaSuccess;
        *pointer = runtime.memory.allocate(bytes);
        return *pointer == nullptr ? cudaErrorMemoryAllocation : cudaSuccess;
    });
}

cudaError_t cudaFree(void* pointer) {
    return call(
        [=](Runtime& runtime) {
            if (pointer == nullptr) return cudaSuccess;
            if (const cudaError_t error = runtime.refuse_while_capturing()) return error;
            // A GPU's driver waits for work that may still use the memory, but its documentation doesn't
            // promise it.
            return runtime.memory.free(pointer) ? cudaSuccess : cudaErrorInvalidValue;
        },
        CallKind::done_anyway);
}

cudaError_t cudaMallocHost(void** pointer, size_t bytes) {
    return call([=](Runtime& runtime) {
        if (const cudaError_t error = runtime.refuse_while_capturing()) return error;
        *pointer = nullptr;
        if (bytes == 0) return cudaSuccess;
        if (posix_memalign(pointer, 256, bytes) != 0) return cudaErrorMemoryAllocation;
        std::memset(*pointer, kickdrum::emulation::kPoison, bytes);
        runtime.pinned[static_cast<const char*>(*pointer)] = bytes;
        return cudaSuccess;
    });
}

cudaError_t cudaHostAlloc(void** pointer, size_t bytes, unsigned /*flags*/) {
    return cudaMallocHost(pointer, bytes);
}

cudaError_t cudaFreeHost(void* pointer) {
    return call(
        [=](Runtime& runtime) {
            if (pointer == nullptr) return cudaSuccess;
            if (const cudaError_t error = runtime.refuse_while_capturing()) return error;
            const auto found = runtime.pinned.find(static_cast<const char*>(pointer));
            if (found == runtime.pinned.end()) return cudaErrorInvalidValue;
            // Work may still read it, which the compiler doesn't know.
            std::memset(pointer, kickdrum::emulation::kPoison, found->second);
            asm volatile("" : : "r"(pointer) : "memory");
            runtime.pinned.erase(found);
            std::free(pointer);
            return cudaSuccess;
        },
        CallKind::done_anyway);
}

cudaError_t cudaMemGetInfo(size_t* free, size_t* total) {
    return call([=](Runtime& runtime) {
        *total = runtime.memory.total();
        *free = *total - std::min(*total, runtime.memory.used());
        return cudaSuccess;
    });
}

cudaError_t cudaMemcpyAsync(void* target, const void* source, size_t bytes, cudaMemcpyKind kind,
                            cudaStream_t handle) {
    return call([=](Runtime& runtime) {
        CUstream_st* stream = runtime.stream(handle);
        return stream == nullptr
                   ? cudaErrorInvalidResourceHandle
                   : kickdrum::emulation::enqueue_copy(runtime, *stream, target, source, bytes, kind);
    });
}

cudaError_t cudaMemcpy(void* target, const void* source, size_t bytes, cudaMemcpyKind kind) {
    return call([=](Runtime& runtime) {
        if (const cudaError_t error = runtime.refuse_while_capturing()) return error;
        const cudaError_t error =
            kickdrum::emulation::enqueue_copy(runtime, runtime.default_stream, target, source, bytes, kind);
        return error != cudaSuccess ? error : kickdrum::emulation::wait_for_default_stream(runtime);
    });
}

cudaError_t cudaMemsetAsync(void* target, int value, size_t bytes, cudaStream_t handle) {
    return call([=](Runtime& runtime) {
        CUstream_st* stream = runtime.stream(handle);
        return stream == nullptr ? cudaErrorInvalidResourceHandle
                                 : kickdrum::emulation::enqueue_fill(runtime, *stream, target, value, bytes);
    });
}

// Of device memory, it doesn't wait.
cudaError_t cudaMemset(void* target, int value, size_t bytes) {
    return call([=](Runtime& runtime) {
        if (const cudaError_t error = runtime.refuse_while_capturing()) return error;
        return kickdrum::emulation::enqueue_fill(runtime, runtime.default_stream, target, value, bytes);
    });
}

cudaError_t cudaPointerGetAttributes(cudaPointerAttributes* attributes, const void* pointer) {
    return call([=](Runtime& runtime) {
        *attributes = {};
        auto pinned = runtime.pinned.upper_bound(static_cast<const char*>(pointer));
        if (runtime.memory.touches(pointer)) {
            attributes->type = cudaMemoryTypeDevice;
            attributes->devicePointer = const_cast<void*>(pointer);
        } else if (pinned != runtime.pinned.begin() &&
                   static_cast<const char*>(pointer) < (--pinned)->first + pinned->second) {
            attributes->type = cudaMemoryTypeHost;
            attributes->hostPointer = const_cast<void*>(pointer);
        }
        return cudaSuccess;
    });
}

}  // extern "C"
