// SPDX-License-Identifier: MIT
#include <cufft.h>

#include <type_traits>

#include "kernels/cuda/loaded_library.cuh"

namespace kickdrum::cuda {
namespace {

const LoadedLibrary& cufft() {
    static const LoadedLibrary library("libcufft.so.12");
    return library;
}

}  // namespace

const std::string& cufft_error() {
    return cufft().error();
}

}  // namespace kickdrum::cuda

using kickdrum::cuda::cufft;

#define KICKDRUM_CUFFT_FUNCTION(name, parameters, arguments) \
    KICKDRUM_LOADED_FUNCTION(cufft, CUFFT_SETUP_FAILED, cufftResult, name, parameters, arguments)

extern "C" {

KICKDRUM_CUFFT_FUNCTION(cufftCreate, (cufftHandle * plan), (plan))
KICKDRUM_CUFFT_FUNCTION(cufftDestroy, (cufftHandle plan), (plan))
KICKDRUM_CUFFT_FUNCTION(cufftSetAutoAllocation, (cufftHandle plan, int on), (plan, on))
KICKDRUM_CUFFT_FUNCTION(cufftSetStream, (cufftHandle plan, cudaStream_t stream), (plan, stream))
KICKDRUM_CUFFT_FUNCTION(cufftSetWorkArea, (cufftHandle plan, void* memory), (plan, memory))
KICKDRUM_CUFFT_FUNCTION(cufftMakePlanMany64,
                        (cufftHandle plan, int rank, long long int* n, long long int* in_extents,
                         long long int in_stride, long long int in_distance, long long int* out_extents,
                         long long int out_stride, long long int out_distance, cufftType type,
                         long long int batch, size_t* bytes),
                        (plan, rank, n, in_extents, in_stride, in_distance, out_extents, out_stride,
                         out_distance, type, batch, bytes))
KICKDRUM_CUFFT_FUNCTION(cufftExecR2C, (cufftHandle plan, cufftReal* src, cufftComplex* dst), (plan, src, dst))
KICKDRUM_CUFFT_FUNCTION(cufftGetVersion, (int* version), (version))

}  // extern "C"
