// SPDX-License-Identifier: MIT
// What all pooling has in common.
#pragma once

#include <cuda_runtime.h>

namespace kickdrum::cuda {

// A greater value takes the window; so does the first NaN, for good, so that a diverged network shows.
__device__ inline bool wins(float value, float best) {
    return value > best || (value != value && best == best);
}

}  // namespace kickdrum::cuda
