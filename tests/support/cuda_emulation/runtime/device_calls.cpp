// SPDX-License-Identifier: MIT
// The runtime's functions about the device, kernels and errors.
#include <array>
#include <cstring>

#include "tests/support/cuda_emulation/runtime/runtime.h"
#include "tests/support/cuda_emulation/simt/grid.h"

namespace kickdrum::emulation {
namespace {

constexpr int kVersion = 13000;
constexpr int kDefaultSharedBytes = static_cast<int>(kStaticSharedLimit);
constexpr int kOptInSharedBytes = static_cast<int>(kSharedLimit);
constexpr int kThreadsPerMultiprocessor = 2048;

struct ErrorText {
    cudaError_t error;
    const char* name;
    const char* text;
};
#define KICKDRUM_ERROR_TEXT(name, text) \
    ErrorText {                         \
        name, #name, text               \
    }
constexpr std::array kErrorTexts = {
    KICKDRUM_ERROR_TEXT(cudaSuccess, "no error"),
    KICKDRUM_ERROR_TEXT(cudaErrorInvalidValue, "invalid argument"),
    KICKDRUM_ERROR_TEXT(cudaErrorMemoryAllocation, "out of memory"),
    KICKDRUM_ERROR_TEXT(cudaErrorInvalidConfiguration, "invalid configuration argument"),
    KICKDRUM_ERROR_TEXT(cudaErrorInvalidMemcpyDirection, "invalid copy direction for memcpy"),
    KICKDRUM_ERROR_TEXT(cudaErrorDevicesUnavailable, "CUDA-capable device(s) is/are busy or unavailable"),
    KICKDRUM_ERROR_TEXT(cudaErrorNoDevice, "no CUDA-capable device is detected"),
    KICKDRUM_ERROR_TEXT(cudaErrorInvalidDevice, "invalid device ordinal"),
    KICKDRUM_ERROR_TEXT(cudaErrorInvalidResourceHandle, "invalid resource handle"),
    KICKDRUM_ERROR_TEXT(cudaErrorIllegalState, "the operation cannot be performed in the present state"),
    KICKDRUM_ERROR_TEXT(cudaErrorNotReady, "device not ready"),
    KICKDRUM_ERROR_TEXT(cudaErrorLaunchTimeout, "the launch timed out and was terminated"),
    KICKDRUM_ERROR_TEXT(cudaErrorLaunchFailure, "unspecified launch failure"),
    KICKDRUM_ERROR_TEXT(cudaErrorStreamCaptureUnsupported,
                        "operation not permitted when stream is capturing"),
    KICKDRUM_ERROR_TEXT(cudaErrorStreamCaptureInvalidated,
                        "operation failed due to a previous error during capture"),
    KICKDRUM_ERROR_TEXT(cudaErrorStreamCaptureMerge,
                        "operation would result in a merge of separate captures"),
    KICKDRUM_ERROR_TEXT(cudaErrorStreamCaptureUnmatched,
                        "capture was not ended in the same stream as it began"),
    KICKDRUM_ERROR_TEXT(cudaErrorStreamCaptureUnjoined, "capturing stream has unjoined work"),
    KICKDRUM_ERROR_TEXT(cudaErrorStreamCaptureIsolation,
                        "dependency created on uncaptured work in another stream"),
    KICKDRUM_ERROR_TEXT(cudaErrorCapturedEvent,
                        "operation not permitted on an event last recorded in a capture"),
    KICKDRUM_ERROR_TEXT(cudaErrorStreamCaptureWrongThread,
                        "attempt to end a capture from a thread that did not begin it"),
    KICKDRUM_ERROR_TEXT(cudaErrorUnknown, "unknown error"),
};
#undef KICKDRUM_ERROR_TEXT

const ErrorText* find_text(cudaError_t error) {
    for (const ErrorText& text : kErrorTexts) {
        if (text.error == error) return &text;
    }
    return nullptr;
}

void fill(cudaDeviceProp& properties, const Runtime& runtime) {
    properties = {};
    std::strncpy(properties.name, "emulated device", sizeof properties.name - 1);
    properties.totalGlobalMem = runtime.memory.total();
    properties.major = 9;
    properties.minor = 0;
    properties.multiProcessorCount = runtime.multiprocessors;
    properties.warpSize = 32;
    properties.maxThreadsPerBlock = kMaxBlockThreads;
    properties.maxThreadsPerMultiProcessor = kThreadsPerMultiprocessor;
    properties.maxBlocksPerMultiProcessor = 32;
    properties.maxThreadsDim[0] = properties.maxThreadsDim[1] = kMaxBlockThreads;
    properties.maxThreadsDim[2] = 64;
    properties.maxGridSize[0] = 2147483647;
    properties.maxGridSize[1] = properties.maxGridSize[2] = 65535;
    properties.sharedMemPerBlock = kStaticSharedLimit;
    properties.sharedMemPerBlockOptin = kSharedLimit;
    properties.sharedMemPerMultiprocessor = kSharedLimit + 1024;
    properties.reservedSharedMemPerBlock = 1024;
    properties.regsPerBlock = properties.regsPerMultiprocessor = 65536;
    properties.l2CacheSize = 50 << 20;
    properties.concurrentKernels = 1;
    properties.unifiedAddressing = 1;
    properties.asyncEngineCount = 2;
}

// What programs compute a bandwidth from; nothing here takes time.
constexpr int kClockKilohertz = 1'000'000;
constexpr int kMemoryClockKilohertz = 1'000'000;
constexpr int kMemoryBusBits = 1024;

cudaError_t attribute(const Runtime& runtime, cudaDeviceAttr name, int* value) {
    cudaDeviceProp properties;
    fill(properties, runtime);
    switch (name) {
        case cudaDevAttrComputeCapabilityMajor: *value = properties.major; break;
        case cudaDevAttrComputeCapabilityMinor: *value = properties.minor; break;
        case cudaDevAttrMultiProcessorCount: *value = properties.multiProcessorCount; break;
        case cudaDevAttrMaxThreadsPerBlock: *value = kMaxBlockThreads; break;
        case cudaDevAttrMaxThreadsPerMultiProcessor: *value = kThreadsPerMultiprocessor; break;
        case cudaDevAttrWarpSize: *value = properties.warpSize; break;
        case cudaDevAttrMaxSharedMemoryPerBlock: *value = kDefaultSharedBytes; break;
        case cudaDevAttrMaxSharedMemoryPerBlockOptin: *value = kOptInSharedBytes; break;
        case cudaDevAttrMaxSharedMemoryPerMultiprocessor: *value = kOptInSharedBytes + 1024; break;
        case cudaDevAttrL2CacheSize: *value = properties.l2CacheSize; break;
        case cudaDevAttrClockRate: *value = kClockKilohertz; break;
        case cudaDevAttrMemoryClockRate: *value = kMemoryClockKilohertz; break;
        case cudaDevAttrGlobalMemoryBusWidth: *value = kMemoryBusBits; break;
        default: return cudaErrorInvalidValue;
    }
    return cudaSuccess;
}

}  // namespace
}  // namespace kickdrum::emulation

using kickdrum::emulation::call;
using kickdrum::emulation::CallKind;
using kickdrum::emulation::Runtime;

extern "C" {

cudaError_t cudaGetDeviceCount(int* count) {
    return call([=](Runtime& /*runtime*/) {
        *count = 1;
        return cudaSuccess;
    });
}

cudaError_t cudaGetDevice(int* device) {
    return call([=](Runtime& /*runtime*/) {
        *device = 0;
        return cudaSuccess;
    });
}

cudaError_t cudaSetDevice(int device) {
    return call([=](Runtime& /*runtime*/) { return device == 0 ? cudaSuccess : cudaErrorInvalidDevice; });
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device) {
    return call([=](Runtime& runtime) {
        if (device != 0) return cudaErrorInvalidDevice;
        kickdrum::emulation::fill(*properties, runtime);
        return cudaSuccess;
    });
}

cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr name, int device) {
    return call([=](Runtime& runtime) {
        return device != 0 ? cudaErrorInvalidDevice : kickdrum::emulation::attribute(runtime, name, value);
    });
}

cudaError_t cudaDriverGetVersion(int* version) {
    return call([=](Runtime& /*runtime*/) {
        *version = kickdrum::emulation::kVersion;
        return cudaSuccess;
    });
}

cudaError_t cudaRuntimeGetVersion(int* version) {
    return cudaDriverGetVersion(version);
}

cudaError_t cudaDeviceSynchronize() {
    return call(
        [](Runtime& runtime) {
            if (const cudaError_t error = runtime.refuse_while_any_captures()) return error;
            ++runtime.counts.synchronisations;
            return runtime.drain_all();
        },
        CallKind::done_anyway);
}

cudaError_t cudaFuncSetAttribute(const void* function, cudaFuncAttribute name, int value) {
    return call([=](Runtime& runtime) {
        if (name == cudaFuncAttributePreferredSharedMemoryCarveout) return cudaSuccess;
        if (name != cudaFuncAttributeMaxDynamicSharedMemorySize) return cudaErrorInvalidValue;
        if (value < 0 || value > kickdrum::emulation::kOptInSharedBytes) return cudaErrorInvalidValue;
        runtime.dynamic_shared_limits[function] = value;
        return cudaSuccess;
    });
}

cudaError_t cudaFuncGetAttributes(cudaFuncAttributes* attributes, const void* function) {
    return call([=](Runtime& runtime) {
        *attributes = {};
        attributes->maxThreadsPerBlock = kickdrum::emulation::kMaxBlockThreads;
        attributes->binaryVersion = attributes->ptxVersion = 90;
        const auto limit = runtime.dynamic_shared_limits.find(function);
        attributes->maxDynamicSharedSizeBytes = limit == runtime.dynamic_shared_limits.end()
                                                    ? kickdrum::emulation::kDefaultSharedBytes
                                                    : limit->second;
        return cudaSuccess;
    });
}

// Of threads and shared memory; registers aren't known here.
cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, const void* /*function*/,
                                                          int block_size, size_t dynamic_shared_bytes) {
    return call([=](Runtime& /*runtime*/) {
        if (block_size < 1 || block_size > kickdrum::emulation::kMaxBlockThreads)
            return cudaErrorInvalidValue;
        const auto by_memory =
            static_cast<int>((kickdrum::emulation::kSharedLimit + 1024) / (dynamic_shared_bytes + 1024));
        *blocks = std::min({32, kickdrum::emulation::kThreadsPerMultiprocessor / block_size, by_memory});
        return cudaSuccess;
    });
}

cudaError_t cudaGetLastError() {
    const cudaError_t error = cudaPeekAtLastError();
    kickdrum::emulation::last_error() = cudaSuccess;
    return error;
}

cudaError_t cudaPeekAtLastError() {
    Runtime& runtime = Runtime::instance();
    const std::lock_guard lock(runtime.mutex);
    return runtime.sticky != cudaSuccess ? runtime.sticky : kickdrum::emulation::last_error();
}

const char* cudaGetErrorName(cudaError_t error) {
    const auto* text = kickdrum::emulation::find_text(error);
    return text == nullptr ? "unrecognized error code" : text->name;
}

const char* cudaGetErrorString(cudaError_t error) {
    const auto* text = kickdrum::emulation::find_text(error);
    return text == nullptr ? "unrecognized error code" : text->text;
}

}  // extern "C"
