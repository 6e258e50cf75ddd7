// SPDX-License-Identifier: MIT
#include "dsp/log_mel_kernels.h"
#include "dsp/spectral_kernels.h"
#include "kernels/device/device.h"

// Defined in dsp/simd/*.cpp, once per instruction set.
#define KICKDRUM_DECLARE_TABLES(level)             \
    namespace level {                              \
    extern const LogMelKernels kLogMelKernels;     \
    extern const SpectralKernels kSpectralKernels; \
    }

namespace kickdrum {

KICKDRUM_DECLARE_TABLES(portable)
#if defined(__x86_64__)
KICKDRUM_DECLARE_TABLES(avx2)
KICKDRUM_DECLARE_TABLES(avx512)
#define KICKDRUM_PICK_TABLE(level, table)             \
    switch (level) {                                  \
        case SimdLevel::portable: break;              \
        case SimdLevel::avx2: return avx2::table;     \
        case SimdLevel::avx512: return avx512::table; \
    }                                                 \
    return portable::table
#else
#define KICKDRUM_PICK_TABLE(level, table) \
    static_cast<void>(level);             \
    return portable::table
#endif

const LogMelKernels& log_mel_kernels(SimdLevel level) {
    KICKDRUM_PICK_TABLE(level, kLogMelKernels);
}

const SpectralKernels& spectral_kernels(SimdLevel level) {
    KICKDRUM_PICK_TABLE(level, kSpectralKernels);
}

}  // namespace kickdrum
