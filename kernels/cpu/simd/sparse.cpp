// SPDX-License-Identifier: MIT
#include "kernels/cpu/sparse_kernels.h"

#include "kernels/cpu/simd/channel_io.h"

namespace kickdrum::KICKDRUM_SIMD_NAMESPACE {
namespace {

// Sums of one row of C that stay in registers while its list passes: each product costs one load and nothing
// else.
constexpr int kVectors = KICKDRUM_SIMD_BYTES == 64 ? 4 : 8;
constexpr int kSlice = kVectors * kLanes;

// The bits of an element of A, below the number of its column.
using Entry = std::int64_t;

#if KICKDRUM_SIMD_BYTES == 64
// Like append() below, a vector at a time; writes kLanes entries, the wanted ones first.
KICKDRUM_ALWAYS_INLINE Entry* append_vector(const float* row, int k, Entry* list) {
    const __m512i bits = _mm512_loadu_si512(row);
    const __mmask16 live = _mm512_test_epi32_mask(bits, _mm512_set1_epi32(0x7fffffff));
    const __m512i places = _mm512_add_epi32(
        _mm512_set1_epi32(k), _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
    const __m512i x = _mm512_maskz_compress_epi32(live, bits);
    const __m512i at = _mm512_maskz_compress_epi32(live, places);
    const __m512i low = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    const __m512i high = _mm512_add_epi32(low, _mm512_set1_epi32(8));
    _mm512_storeu_si512(list, _mm512_permutex2var_epi32(x, low, at));
    _mm512_storeu_si512(list + 8, _mm512_permutex2var_epi32(x, high, at));
    return list + __builtin_popcount(live);
}
#endif

// Appends what isn't 0 of row[0 .. count); k: the index of row[0].
KICKDRUM_ALWAYS_INLINE Entry* append(const float* row, int k, int count, Entry* list) {
#pragma GCC unroll 4
    for (int i = 0; i < count; ++i) {
        std::uint32_t bits;
        __builtin_memcpy(&bits, row + i, sizeof(bits));
        *list = static_cast<Entry>(bits) | Entry{k + i} << 32;
        list += (bits << 1) != 0;  // a zero is overwritten
    }
    return list;
}

void list_rows(const float* a, std::int64_t lda, int m, int depth, float* lists, std::int32_t* counts) {
    for (int i = 0; i < m; ++i) {
        const float* row = a + i * lda;
        auto* const first = reinterpret_cast<Entry*>(lists + std::ptrdiff_t{i} * kSparseListFloats);
        Entry* list = first;
        int k = 0;
#if KICKDRUM_SIMD_BYTES == 64
        for (; k + kLanes <= depth; k += kLanes) list = append_vector(row + k, k, list);
#endif
        list = append(row + k, k, depth - k, list);
        counts[i] = static_cast<std::int32_t>(list - first);
    }
}

template <int vectors, bool add>
__attribute__((noinline)) void sum_rows(const float* list, int count, const float* b, float* c) {
    Vec sum[vectors];
    KICKDRUM_UNROLL for (int v = 0; v < vectors; ++v) sum[v] = add ? load(c + v * kLanes) : Vec{};
    for (const float* end = list + 2 * count; list < end; list += 2) {
        Entry entry;
        __builtin_memcpy(&entry, list, sizeof(entry));
        const IntVec bits = IntVec{} + static_cast<std::int32_t>(entry);
        const Vec x = reinterpret_cast<Vec>(bits);
        const float* row = opaque(b + (entry >> 32) * (vectors * kLanes));
        KICKDRUM_UNROLL for (int v = 0; v < vectors; ++v) sum[v] += x * load(row + v * kLanes);
    }
    KICKDRUM_UNROLL for (int v = 0; v < vectors; ++v) store(c + v * kLanes, sum[v]);
}

struct Product {
    const float* lists;
    const std::int32_t* counts;
    int m;
    const float* packed;
    bool add;
    float* c;
    std::int64_t ldc;
};

template <int vectors>
void multiply_vectors(const Product& p) {
    for (int i = 0; i < p.m; ++i) {
        const float* list = p.lists + std::ptrdiff_t{i} * kSparseListFloats;
        float* c = p.c + i * p.ldc;
        if (p.add) {
            sum_rows<vectors, true>(list, p.counts[i], p.packed, c);
        } else {
            sum_rows<vectors, false>(list, p.counts[i], p.packed, c);
        }
    }
}

template <int vectors>
void multiply_up_to(int wanted, const Product& p) {
    if (wanted == vectors) {
        multiply_vectors<vectors>(p);
    } else if constexpr (vectors > 1) {
        multiply_up_to<vectors - 1>(wanted, p);
    }
}

void multiply_sparse(const float* lists, const std::int32_t* counts, int m, const float* packed, int cols,
                     bool add, float* c, std::int64_t ldc) {
    multiply_up_to<kVectors>((cols + kLanes - 1) / kLanes, {lists, counts, m, packed, add, c, ldc});
}

void pack_slice(const float* b, std::int64_t ldb, int depth, int cols, float* packed) {
    const int stride = (cols + kLanes - 1) / kLanes * kLanes;
    for (int k = 0; k < depth; ++k) {
        for_channels(cols, [&](auto io, int j)
                               KICKDRUM_LAMBDA { store(packed + k * stride + j, io.read(b + k * ldb + j)); });
    }
}

}  // namespace

extern const SparseKernels kSparseKernels;
const SparseKernels kSparseKernels = {
    .slice = kSlice,
    .list = list_rows,
    .pack = pack_slice,
    .multiply = multiply_sparse,
};

}  // namespace kickdrum::KICKDRUM_SIMD_NAMESPACE
