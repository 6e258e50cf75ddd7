// SPDX-License-Identifier: MIT
#include "kernels/cpu/simd/gemm.h"

#include "kernels/cpu/conv_kernels.h"

namespace kickdrum::KICKDRUM_SIMD_NAMESPACE {
namespace {

template <bool transposed, bool accumulate>
void multiply(int m, const float* a, std::int64_t lda, const float* b, float* c, std::int64_t ldc, int depth) {
    gemm_panel<transposed, accumulate>(m, a, lda, b, kPanel, c, ldc, depth);
}

void pack_panels(const float* src, std::int64_t stride, int rows, int cols, float* packed) {
    for (int c0 = 0; c0 < cols; c0 += kPanel, packed += std::ptrdiff_t{rows} * kPanel) {
        const int here = min_of(kPanel, cols - c0);
        for (int r = 0; r < rows; ++r) {
            const float* from = src + r * stride + c0;
            float* to = packed + std::ptrdiff_t{r} * kPanel;
            if (here == kPanel) {
                KICKDRUM_UNROLL for (int v = 0; v < kPanel; v += kLanes) store(to + v, load(from + v));
            } else {
                for (int v = 0; v < kPanel; ++v) to[v] = v < here ? from[v] : 0;
            }
        }
    }
}

}  // namespace

extern const GemmKernels kGemmKernels;
const GemmKernels kGemmKernels = {
    .lanes = kLanes,
    .panel = kPanel,
    .pack_panels = pack_panels,
    .multiply = multiply<false, false>,
    .multiply_add = multiply<false, true>,
    .multiply_transposed = multiply<true, false>,
    .multiply_transposed_add = multiply<true, true>,
};

}  // namespace kickdrum::KICKDRUM_SIMD_NAMESPACE
