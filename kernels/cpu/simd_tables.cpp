// SPDX-License-Identifier: MIT
#include "kernels/cpu/activation_kernels.h"
#include "kernels/cpu/batch_norm_kernels.h"
#include "kernels/cpu/conv_kernels.h"
#include "kernels/cpu/elementwise_kernels.h"
#include "kernels/cpu/pool_kernels.h"
#include "kernels/cpu/sparse_kernels.h"
#include "kernels/cpu/winner_kernels.h"
#include "kernels/device/device.h"

// Defined in kernels/cpu/simd/*.cpp, once per instruction set.
#define KICKDRUM_DECLARE_TABLES(level)                   \
    namespace level {                                    \
    extern const ActivationKernels kActivationKernels;   \
    extern const ElementwiseKernels kElementwiseKernels; \
    extern const BatchNormKernels kBatchNormKernels;     \
    extern const PoolKernels kPoolKernels;               \
    extern const SparseKernels kSparseKernels;           \
    extern const WinnerKernels kWinnerKernels;           \
    extern const WinogradKernels kWinogradKernels;       \
    extern const DirectKernels kDirectKernels;           \
    extern const GemmKernels kGemmKernels;               \
    }

namespace kickdrum {

KICKDRUM_DECLARE_TABLES(portable)
#if defined(__x86_64__)
KICKDRUM_DECLARE_TABLES(avx2)
KICKDRUM_DECLARE_TABLES(avx512)
#endif

namespace {

template <class Table>
const Table& table_of(SimdLevel level, const Table& portable_table, const Table& avx2_table,
                      const Table& avx512_table) {
    switch (level) {
        case SimdLevel::portable: break;
        case SimdLevel::avx2: return avx2_table;
        case SimdLevel::avx512: return avx512_table;
    }
    return portable_table;
}

}  // namespace

#if defined(__x86_64__)
#define KICKDRUM_TABLE(level, name) table_of(level, portable::name, avx2::name, avx512::name)
#else
#define KICKDRUM_TABLE(level, name) table_of(level, portable::name, portable::name, portable::name)
#endif

const ActivationKernels& activation_kernels(SimdLevel level) {
    return KICKDRUM_TABLE(level, kActivationKernels);
}
const ElementwiseKernels& elementwise_kernels(SimdLevel level) {
    return KICKDRUM_TABLE(level, kElementwiseKernels);
}
const BatchNormKernels& batch_norm_kernels(SimdLevel level) {
    return KICKDRUM_TABLE(level, kBatchNormKernels);
}
const PoolKernels& pool_kernels(SimdLevel level) {
    return KICKDRUM_TABLE(level, kPoolKernels);
}

const SparseKernels& sparse_kernels(SimdLevel level) {
    return KICKDRUM_TABLE(level, kSparseKernels);
}
const WinnerKernels& winner_kernels(SimdLevel level) {
    return KICKDRUM_TABLE(level, kWinnerKernels);
}
const WinogradKernels& winograd_kernels(SimdLevel level) {
    return KICKDRUM_TABLE(level, kWinogradKernels);
}
const DirectKernels& direct_kernels(SimdLevel level) {
    return KICKDRUM_TABLE(level, kDirectKernels);
}
const GemmKernels& gemm_kernels(SimdLevel level) {
    return KICKDRUM_TABLE(level, kGemmKernels);
}

}  // namespace kickdrum
