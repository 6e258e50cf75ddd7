// SPDX-License-Identifier: MIT
// Inner loops of the activation functions, compiled once per instruction set: one contiguous piece on the
// calling thread. Relative errors of a few 1e-7 (a few units in the last place), also in the tails.
#pragma once

#include <cstdint>

#include "kernels/ops/activation_kind.h"

namespace kickdrum {

enum class SimdLevel;

struct ActivationKernels {
    // dst may be src. A NaN stays a NaN.
    void (*forward)(Activation activation, const float* src, float* dst, std::int64_t count);
    // dst = f(src). src is read for gelu and silu only; diff_src may be diff_dst.
    void (*backward)(Activation activation, const float* src, const float* dst, const float* diff_dst,
                     float* diff_src, std::int64_t count);
};

const ActivationKernels& activation_kernels(SimdLevel level);

}  // namespace kickdrum
