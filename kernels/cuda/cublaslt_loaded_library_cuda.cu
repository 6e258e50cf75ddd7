// SPDX-License-Identifier: MIT
#include <cublasLt.h>

#include <type_traits>

#include "kernels/cuda/loaded_library.cuh"

namespace kickdrum::cuda {
namespace {

const LoadedLibrary& cublaslt() {
    static const LoadedLibrary library("libcublasLt.so.13");
    return library;
}

}  // namespace

const std::string& cublaslt_error() {
    return cublaslt().error();
}

}  // namespace kickdrum::cuda

using kickdrum::cuda::cublaslt;

#define KICKDRUM_CUBLASLT_FUNCTION(name, parameters, arguments)                                         \
    KICKDRUM_LOADED_FUNCTION(cublaslt, CUBLAS_STATUS_NOT_INITIALIZED, cublasStatus_t, name, parameters, \
                             arguments)

extern "C" {

KICKDRUM_CUBLASLT_FUNCTION(cublasLtCreate, (cublasLtHandle_t * handle), (handle))
KICKDRUM_CUBLASLT_FUNCTION(cublasLtDestroy, (cublasLtHandle_t handle), (handle))
KICKDRUM_CUBLASLT_FUNCTION(cublasLtMatmulDescCreate,
                           (cublasLtMatmulDesc_t * desc, cublasComputeType_t compute, cudaDataType_t scale),
                           (desc, compute, scale))
KICKDRUM_CUBLASLT_FUNCTION(cublasLtMatmulDescDestroy, (cublasLtMatmulDesc_t desc), (desc))
KICKDRUM_CUBLASLT_FUNCTION(cublasLtMatmulDescSetAttribute,
                           (cublasLtMatmulDesc_t desc, cublasLtMatmulDescAttributes_t name, const void* value,
                            size_t bytes),
                           (desc, name, value, bytes))
KICKDRUM_CUBLASLT_FUNCTION(cublasLtMatrixLayoutCreate,
                           (cublasLtMatrixLayout_t * layout, cudaDataType type, uint64_t rows,
                            uint64_t columns, int64_t stride),
                           (layout, type, rows, columns, stride))
KICKDRUM_CUBLASLT_FUNCTION(cublasLtMatrixLayoutDestroy, (cublasLtMatrixLayout_t layout), (layout))
KICKDRUM_CUBLASLT_FUNCTION(cublasLtMatmulPreferenceCreate, (cublasLtMatmulPreference_t * preference),
                           (preference))
KICKDRUM_CUBLASLT_FUNCTION(cublasLtMatmulPreferenceDestroy, (cublasLtMatmulPreference_t preference),
                           (preference))
KICKDRUM_CUBLASLT_FUNCTION(cublasLtMatmulPreferenceSetAttribute,
                           (cublasLtMatmulPreference_t preference, cublasLtMatmulPreferenceAttributes_t name,
                            const void* value, size_t bytes),
                           (preference, name, value, bytes))
KICKDRUM_CUBLASLT_FUNCTION(cublasLtMatmulAlgoGetHeuristic,
                           (cublasLtHandle_t handle, cublasLtMatmulDesc_t desc, cublasLtMatrixLayout_t a,
                            cublasLtMatrixLayout_t b, cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d,
                            cublasLtMatmulPreference_t preference, int asked,
                            cublasLtMatmulHeuristicResult_t* results, int* count),
                           (handle, desc, a, b, c, d, preference, asked, results, count))
KICKDRUM_CUBLASLT_FUNCTION(cublasLtMatmulAlgoConfigGetAttribute,
                           (const cublasLtMatmulAlgo_t* algorithm, cublasLtMatmulAlgoConfigAttributes_t name,
                            void* value, size_t bytes, size_t* written),
                           (algorithm, name, value, bytes, written))
KICKDRUM_CUBLASLT_FUNCTION(cublasLtMatmul,
                           (cublasLtHandle_t handle, cublasLtMatmulDesc_t desc, const void* alpha,
                            const void* a, cublasLtMatrixLayout_t a_layout, const void* b,
                            cublasLtMatrixLayout_t b_layout, const void* beta, const void* c,
                            cublasLtMatrixLayout_t c_layout, void* d, cublasLtMatrixLayout_t d_layout,
                            const cublasLtMatmulAlgo_t* algorithm, void* workspace, size_t bytes,
                            cudaStream_t stream),
                           (handle, desc, alpha, a, a_layout, b, b_layout, beta, c, c_layout, d, d_layout,
                            algorithm, workspace, bytes, stream))
KICKDRUM_LOADED_FUNCTION(cublaslt, 0, size_t, cublasLtGetVersion, (), ())
KICKDRUM_LOADED_FUNCTION(cublaslt, "CUBLAS_STATUS_NOT_INITIALIZED", const char*, cublasLtGetStatusName,
                         (cublasStatus_t status), (status))
KICKDRUM_LOADED_FUNCTION(cublaslt, "the library can't be loaded", const char*, cublasLtGetStatusString,
                         (cublasStatus_t status), (status))

}  // extern "C"
