// SPDX-License-Identifier: MIT
#include <cudnn.h>

#include <type_traits>

#include "kernels/cuda/loaded_library.cuh"

namespace kickdrum::cuda {
namespace {

const LoadedLibrary& cudnn() {
    static const LoadedLibrary library("libcudnn.so.9");
    return library;
}

}  // namespace

const std::string& cudnn_error() {
    return cudnn().error();
}

}  // namespace kickdrum::cuda

using kickdrum::cuda::cudnn;
using kickdrum::cuda::cudnn_error;

#define KICKDRUM_CUDNN_FUNCTION(name, parameters, arguments)                                                 \
    KICKDRUM_LOADED_FUNCTION(cudnn, CUDNN_STATUS_SUBLIBRARY_LOADING_FAILED, cudnnStatus_t, name, parameters, \
                             arguments)

extern "C" {

KICKDRUM_CUDNN_FUNCTION(cudnnCreate, (cudnnHandle_t * handle), (handle))
KICKDRUM_CUDNN_FUNCTION(cudnnDestroy, (cudnnHandle_t handle), (handle))
KICKDRUM_CUDNN_FUNCTION(cudnnSetStream, (cudnnHandle_t handle, cudaStream_t stream), (handle, stream))
KICKDRUM_CUDNN_FUNCTION(cudnnBackendCreateDescriptor,
                        (cudnnBackendDescriptorType_t type, cudnnBackendDescriptor_t* descriptor),
                        (type, descriptor))
KICKDRUM_CUDNN_FUNCTION(cudnnBackendDestroyDescriptor, (cudnnBackendDescriptor_t descriptor), (descriptor))
KICKDRUM_CUDNN_FUNCTION(cudnnBackendFinalize, (cudnnBackendDescriptor_t descriptor), (descriptor))
KICKDRUM_CUDNN_FUNCTION(cudnnBackendSetAttribute,
                        (cudnnBackendDescriptor_t descriptor, cudnnBackendAttributeName_t name,
                         cudnnBackendAttributeType_t type, int64_t count, const void* values),
                        (descriptor, name, type, count, values))
KICKDRUM_CUDNN_FUNCTION(cudnnBackendGetAttribute,
                        (cudnnBackendDescriptor_t const descriptor, cudnnBackendAttributeName_t name,
                         cudnnBackendAttributeType_t type, int64_t asked, int64_t* count, void* values),
                        (descriptor, name, type, asked, count, values))
KICKDRUM_CUDNN_FUNCTION(cudnnBackendExecute,
                        (cudnnHandle_t handle, cudnnBackendDescriptor_t plan, cudnnBackendDescriptor_t pack),
                        (handle, plan, pack))
KICKDRUM_LOADED_FUNCTION(cudnn, 0, size_t, cudnnGetVersion, (), ())
KICKDRUM_LOADED_FUNCTION(cudnn, "the library can't be loaded", const char*, cudnnGetErrorString,
                         (cudnnStatus_t status), (status))

void cudnnGetLastErrorString(char* message, size_t size) {
    static const auto real = cudnn().function<decltype(cudnnGetLastErrorString)>("cudnnGetLastErrorString");
    if (real != nullptr) {
        real(message, size);
    } else if (size > 0) {
        const std::string& reason = cudnn_error();
        message[reason.copy(message, size - 1)] = '\0';
    }
}

}  // extern "C"
