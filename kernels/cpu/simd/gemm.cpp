// SPDX-License-Identifier: MIT
#include "kernels/cpu/simd/gemm.h"

#include "kernels/cpu/conv_kernels.h"

namespace kickdrum::KICKDRUM_SIMD_NAMESPACE {
namespace {

template <bool transposed, bool accumulate>
void multiply(int m, const float* a, std::int64_t lda, const float* b, float* c, std::int64_t ldc,
              int depth) {
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

using Quad = float __attribute__((vector_size(16)));

// Four rows of four at a time: a plain loop would wait for one float after the other.
void transpose(const float* src, std::int64_t src_stride, int rows, int cols, float* dst,
               std::int64_t dst_stride) {
    for (int r = 0; r < rows; r += 4) {
        const int here = min_of(4, rows - r);
        int c = 0;
        for (; here == 4 && c + 4 <= cols; c += 4) {
            Quad a[4];
            for (int i = 0; i < 4; ++i) __builtin_memcpy(&a[i], src + (r + i) * src_stride + c, sizeof(Quad));
            const Quad low01 = __builtin_shufflevector(a[0], a[1], 0, 4, 1, 5);
            const Quad high01 = __builtin_shufflevector(a[0], a[1], 2, 6, 3, 7);
            const Quad low23 = __builtin_shufflevector(a[2], a[3], 0, 4, 1, 5);
            const Quad high23 = __builtin_shufflevector(a[2], a[3], 2, 6, 3, 7);
            const Quad t[4] = {__builtin_shufflevector(low01, low23, 0, 1, 4, 5),
                               __builtin_shufflevector(low01, low23, 2, 3, 6, 7),
                               __builtin_shufflevector(high01, high23, 0, 1, 4, 5),
                               __builtin_shufflevector(high01, high23, 2, 3, 6, 7)};
            for (int i = 0; i < 4; ++i) __builtin_memcpy(dst + (c + i) * dst_stride + r, &t[i], sizeof(Quad));
        }
        for (; c < cols; ++c) {
            for (int i = 0; i < here; ++i) dst[c * dst_stride + r + i] = src[(r + i) * src_stride + c];
        }
    }
}

// Fetches a block of memory piece by piece, between calls that compute.
void prefetch(const float* p, std::int64_t floats) {
    for (std::int64_t i = 0; i < floats; i += 16) __builtin_prefetch(p + i, 0, 2);
}

}  // namespace

extern const GemmKernels kGemmKernels;
const GemmKernels kGemmKernels = {
    .lanes = kLanes,
    .panel = kPanel,
    .pack_panels = pack_panels,
    .transpose = transpose,
    .prefetch = prefetch,
    .multiply = multiply<false, false>,
    .multiply_add = multiply<false, true>,
    .multiply_transposed = multiply<true, false>,
    .multiply_transposed_add = multiply<true, true>,
};

}  // namespace kickdrum::KICKDRUM_SIMD_NAMESPACE
