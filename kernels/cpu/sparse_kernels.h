// SPDX-License-Identifier: MIT
// C = A B where many elements of A are 0, as activations are behind ReLU: only the others are multiplied.
// Compiled once per instruction set.
#pragma once

#include <cstdint>

namespace kickdrum {

enum class SimdLevel;

// Rows of B that are met together: a slice of them stays in three quarters of an L1 cache of 32 KB.
constexpr int kSparseDepth = 96;
// Floats between the lists of two rows of A: entries of 8 bytes; + 16 so that they don't meet on the same L1
// sets.
constexpr int kSparseListFloats = 2 * kSparseDepth + 16;

struct SparseKernels {
    int slice;  // columns of B and C of one call of multiply

    // The elements of A[m x depth] that aren't 0, as one list for each row; rows of A are lda apart, depth <=
    // kSparseDepth.
    void (*list)(const float* a, std::int64_t lda, int m, int depth, float* lists, std::int32_t* counts);
    // Up to `slice` columns of B[depth x cols] as one block of whole vectors: at most kSparseDepth * slice
    // floats.
    void (*pack)(const float* b, std::int64_t ldb, int depth, int cols, float* packed);
    // C[m x cols] = A B, or += where `add`, of packed columns; rows of C are ldc apart, and whole vectors of
    // it are written.
    void (*multiply)(const float* lists, const std::int32_t* counts, int m, const float* packed, int cols,
                     bool add, float* c, std::int64_t ldc);
};

const SparseKernels& sparse_kernels(SimdLevel level);

}  // namespace kickdrum
