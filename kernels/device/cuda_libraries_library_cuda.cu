// SPDX-License-Identifier: MIT
// Which of NVIDIA's libraries are there, for kernels/device/cuda_status.h.
#include <cublasLt.h>
#include <cudnn.h>
#include <cufft.h>
#include <dlfcn.h>

#include <array>

#include "kernels/cuda/loaded_library.cuh"
#include "kernels/device/cuda_status.h"

namespace kickdrum::cuda {
namespace {

// libcudnn itself is only a door: it loads these when they are first needed.
constexpr std::array kCudnnParts = {"libcudnn_graph.so.9", "libcudnn_engines_precompiled.so.9",
                                    "libcudnn_heuristic.so.9"};

std::string missing_part() {
    if (!cudnn_error().empty()) return cudnn_error();
    for (const char* part : kCudnnParts) {
        // Stays loaded: it is about to be used.
        if (::dlopen(part, RTLD_LAZY | RTLD_LOCAL) == nullptr) return ::dlerror();
    }
    return {};
}

std::string dotted(int major, int minor, int patch) {
    return std::to_string(major) + '.' + std::to_string(minor) + '.' + std::to_string(patch);
}

}  // namespace

void find_libraries(CudaFacts& facts) {
    facts.cudnn_built = CUDNN_VERSION;
    facts.cudnn_error = missing_part();
    if (facts.cudnn_error.empty()) facts.cudnn = cudnnGetVersion();

    facts.library_error = cublaslt_error().empty() ? cufft_error() : cublaslt_error();
    int fft = 0;
    if (cufftGetVersion(&fft) == CUFFT_SUCCESS) {
        facts.libraries["cuFFT"] = dotted(fft / 1000, fft / 100 % 10, fft % 100);
    }
    const std::size_t blas = cublasLtGetVersion();  // 10000 * major + 100 * minor + patch
    if (blas > 0) facts.libraries["cuBLASLt"] = cudnn_version_text(blas);
}

}  // namespace kickdrum::cuda
