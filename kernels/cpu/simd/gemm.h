// SPDX-License-Identifier: MIT
// The one matrix-multiply microkernel: C[m x kPanel] (+)= A[m x depth] * B[depth x kPanel], row-major.
//   transposed = false: A(i, k) = a[i * lda + k];  true: A(i, k) = a[k * lda + i] (sums over tiles or clips)
// The register tile is kTileRows rows by two vectors; more rows are cut into balanced pieces (32 = 6+6+5+5+5+5).
#pragma once

#include "kernels/cpu/simd/vec.h"

namespace kickdrum::KICKDRUM_SIMD_NAMESPACE {

constexpr int kTileRows = KICKDRUM_SIMD_BYTES == 64 ? 12 : 6;
constexpr int kTileVectors = 2;
constexpr int kPanel = kTileVectors * kLanes;

template <int rows, bool transposed, bool accumulate>
__attribute__((noinline)) void gemm_tile(const float* a, std::ptrdiff_t lda, const float* b,
                                         std::ptrdiff_t ldb, float* c, std::ptrdiff_t ldc, int depth) {
    Vec sum[rows][kTileVectors];
    KICKDRUM_UNROLL for (int i = 0; i < rows; ++i) {
        KICKDRUM_UNROLL for (int j = 0; j < kTileVectors; ++j) {
            sum[i][j] = accumulate ? load(c + i * ldc + j * kLanes) : Vec{};
        }
    }
#pragma GCC unroll 4
    for (int k = 0; k < depth; ++k) {
        Vec row[kTileVectors];
        KICKDRUM_UNROLL for (int j = 0; j < kTileVectors; ++j) row[j] = load(b + k * ldb + j * kLanes);
        KICKDRUM_UNROLL for (int i = 0; i < rows; ++i) {
            const float x = transposed ? a[k * lda + i] : a[i * lda + k];
            KICKDRUM_UNROLL for (int j = 0; j < kTileVectors; ++j) sum[i][j] += x * row[j];
        }
    }
    KICKDRUM_UNROLL for (int i = 0; i < rows; ++i) {
        KICKDRUM_UNROLL for (int j = 0; j < kTileVectors; ++j) store(c + i * ldc + j * kLanes, sum[i][j]);
    }
}

template <int rows, bool transposed, bool accumulate>
KICKDRUM_ALWAYS_INLINE void gemm_rows(int wanted, const float* a, std::ptrdiff_t lda, const float* b,
                                      std::ptrdiff_t ldb, float* c, std::ptrdiff_t ldc, int depth) {
    if (wanted == rows) {
        gemm_tile<rows, transposed, accumulate>(a, lda, b, ldb, c, ldc, depth);
    } else if constexpr (rows > 1) {
        gemm_rows<rows - 1, transposed, accumulate>(wanted, a, lda, b, ldb, c, ldc, depth);
    }
}

template <bool transposed, bool accumulate>
KICKDRUM_ALWAYS_INLINE void gemm_panel(int m, const float* a, std::ptrdiff_t lda, const float* b,
                                       std::ptrdiff_t ldb, float* c, std::ptrdiff_t ldc, int depth) {
    for (int left = (m + kTileRows - 1) / kTileRows; left > 0; --left) {
        const int rows = (m + left - 1) / left;
        gemm_rows<kTileRows, transposed, accumulate>(rows, a, lda, b, ldb, c, ldc, depth);
        a += transposed ? rows : rows * lda;
        c += rows * ldc;
        m -= rows;
    }
}

}  // namespace kickdrum::KICKDRUM_SIMD_NAMESPACE
