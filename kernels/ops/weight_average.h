// SPDX-License-Identifier: MIT
// A moving average of weights over the steps of a training, and its exchange with them. All f32, of equal
// count, in flat memory.
#pragma once

#include "kernels/device/context.h"
#include "kernels/device/step_state.h"
#include "kernels/device/tensor.h"

namespace kickdrum {

// After the step t = state->step (t counts from 0):
//   average = d * average + (1 - d) * values, d = 0 at t = 0, then min(decay, (1 + t) / (10 + t))
// so that the average begins with the first step's weights and forgets the early ones sooner (as TensorFlow's
// ExponentialMovingAverage with num_updates). decay in (0, 1).
void update_average(Context& context, double decay, const StepState* state, Tensor values, Tensor average);

// Exchanges the elements of a and b. shadow (Math::bf16 only, else "no tensor") receives the new ones of a.
void swap_weights(Context& context, Tensor a, Tensor b, Tensor shadow = {});

// The backend's half: arguments are checked already.
namespace cpu {
void update_average(Context& context, double decay, const StepState* state, Tensor values, Tensor average);
void swap_weights(Context& context, Tensor a, Tensor b, Tensor shadow);
}  // namespace cpu
namespace cuda {
void update_average(Context& context, double decay, const StepState* state, Tensor values, Tensor average);
void swap_weights(Context& context, Tensor a, Tensor b, Tensor shadow);
}  // namespace cuda

}  // namespace kickdrum
