// SPDX-License-Identifier: MIT
// Dropout's mask as kernels draw it (dropout.h).
#pragma once

#include <cmath>
#include <cstdint>

#include "kernels/cuda/launch.cuh"
#include "kernels/device/philox.h"

namespace kickdrum::cuda {

// uniform01(word) >= rate as a comparison of integers: uniform01 drops the low 8 bits and multiplies by
// 2^-24.
inline std::uint32_t survival_threshold(float rate) {
    return static_cast<std::uint32_t>(std::ceil(static_cast<double>(rate) * 0x1p24)) << 8U;
}

// By comparisons: an index that isn't known to the compiler would send the words to memory.
__device__ inline std::uint32_t word_of(const Philox4& words, int i) {
    return i == 0 ? words[0] : i == 1 ? words[1] : i == 2 ? words[2] : words[3];
}

}  // namespace kickdrum::cuda
