// SPDX-License-Identifier: MIT
#include "dsp/log_mel_kernels.h"
#include "kernels/device/device.h"

// Defined in dsp/simd/*.cpp, once per instruction set.
#define KICKDRUM_DECLARE_TABLES(level)         \
    namespace level {                          \
    extern const LogMelKernels kLogMelKernels; \
    }

namespace kickdrum {

KICKDRUM_DECLARE_TABLES(portable)
#if defined(__x86_64__)
KICKDRUM_DECLARE_TABLES(avx2)
KICKDRUM_DECLARE_TABLES(avx512)
#endif

const LogMelKernels& log_mel_kernels(SimdLevel level) {
#if defined(__x86_64__)
    switch (level) {
        case SimdLevel::portable: break;
        case SimdLevel::avx2: return avx2::kLogMelKernels;
        case SimdLevel::avx512: return avx512::kLogMelKernels;
    }
#else
    static_cast<void>(level);
#endif
    return portable::kLogMelKernels;
}

}  // namespace kickdrum
