// SPDX-License-Identifier: MIT
#include "kernels/cuda/libraries.cuh"

#include <memory>
#include <type_traits>

namespace kickdrum::cuda {
namespace {

struct DestroyCudnn {
    void operator()(cudnnHandle_t handle) const { cudnnDestroy(handle); }
};
struct DestroyCublasLt {
    void operator()(cublasLtHandle_t handle) const { cublasLtDestroy(handle); }
};
template <class Handle, class Destroy>
using UniqueHandle = std::unique_ptr<std::remove_pointer_t<Handle>, Destroy>;

std::string_view name_of(cufftResult result) {
    switch (result) {
        case CUFFT_SUCCESS: return "CUFFT_SUCCESS";
        case CUFFT_INVALID_PLAN: return "CUFFT_INVALID_PLAN";
        case CUFFT_ALLOC_FAILED: return "CUFFT_ALLOC_FAILED";
        case CUFFT_INVALID_TYPE: return "CUFFT_INVALID_TYPE";
        case CUFFT_INVALID_VALUE: return "CUFFT_INVALID_VALUE";
        case CUFFT_INTERNAL_ERROR: return "CUFFT_INTERNAL_ERROR";
        case CUFFT_EXEC_FAILED: return "CUFFT_EXEC_FAILED";
        case CUFFT_SETUP_FAILED: return "CUFFT_SETUP_FAILED";
        case CUFFT_INVALID_SIZE: return "CUFFT_INVALID_SIZE";
        case CUFFT_NO_WORKSPACE: return "CUFFT_NO_WORKSPACE";
        case CUFFT_NOT_SUPPORTED: return "CUFFT_NOT_SUPPORTED";
        default: return "another error";
    }
}

}  // namespace

struct Libraries {
    UniqueHandle<cudnnHandle_t, DestroyCudnn> cudnn;
    UniqueHandle<cublasLtHandle_t, DestroyCublasLt> cublaslt;
};

namespace {

Libraries& libraries(Context& context) {
    auto& slot = context.cuda_state()->libraries;
    if (!slot) slot = {new Libraries, [](Libraries* owned) { delete owned; }};
    return *slot;
}

}  // namespace

cudnnHandle_t cudnn_handle(Context& context) {
    auto& slot = libraries(context).cudnn;
    if (!slot) {
        cudnnHandle_t handle = nullptr;
        KICKDRUM_CUDNN_CHECK(cudnnCreate(&handle));
        slot.reset(handle);
        KICKDRUM_CUDNN_CHECK(cudnnSetStream(handle, stream(context)));
    }
    return slot.get();
}

cublasLtHandle_t cublaslt_handle(Context& context) {
    auto& slot = libraries(context).cublaslt;
    if (!slot) {
        cublasLtHandle_t handle = nullptr;
        KICKDRUM_CUBLASLT_CHECK(cublasLtCreate(&handle));
        slot.reset(handle);
    }
    return slot.get();
}

void check_cublaslt(cublasStatus_t status, const char* call, const char* file, int line) {
    if (status == CUBLAS_STATUS_SUCCESS) return;
    throw DeviceError(fmt::format("cuBLASLt: {} failed: {} ({}), {} ({}:{})", call,
                                  cublasLtGetStatusName(status), static_cast<int>(status),
                                  cublasLtGetStatusString(status), file, line));
}

void check_cufft(cufftResult result, const char* call, const char* file, int line) {
    if (result == CUFFT_SUCCESS) return;
    throw DeviceError(fmt::format("cuFFT: {} failed: {} ({}) ({}:{})", call, name_of(result),
                                  static_cast<int>(result), file, line));
}

}  // namespace kickdrum::cuda
