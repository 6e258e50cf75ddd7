// SPDX-License-Identifier: MIT
// Inverted dropout: an element survives with probability 1 - rate and is scaled by 1 / (1 - rate).
// Element e of step t (state->step) survives iff uniform01 of word e % 4 of philox(stream, e / 4, t) >= rate,
// e counted over the whole batch. The mask is a function of (stream, step, element): backward recomputes it,
// nothing is stored, and every device draws the same one.
#pragma once

#include <cstdint>

#include "kernels/device/context.h"
#include "kernels/device/philox.h"
#include "kernels/device/step_state.h"
#include "kernels/device/tensor.h"

namespace kickdrum {

// dst = mask(src) / (1 - rate); rate 0 copies, rate 1 gives zeros. dst may be src. Both are f32
// or, on CUDA, bf16. Backward is the same function applied to diff_dst.
void dropout(Context& context, float rate, RandomStream stream, const StepState* state, Tensor src,
             Tensor dst);

// The backend's half: arguments are checked already.
namespace cpu {
void dropout(Context& context, float rate, RandomStream stream, const StepState* state, Tensor src,
             Tensor dst);
}  // namespace cpu
namespace cuda {
void dropout(Context& context, float rate, RandomStream stream, const StepState* state, Tensor src,
             Tensor dst);
}  // namespace cuda

}  // namespace kickdrum
