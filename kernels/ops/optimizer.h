// SPDX-License-Identifier: MIT
// Optimiser steps as one pass over flat memory, and clipping by global norm. All tensors: f32 of equal count.
// The learning rate, the step t = state->step + 1 (t counts from 1) and gradient_scale, which multiplies
// every gradient first, are read from the step's state. Formulas as Keras 3 computes them.
//
// shadow (Math::bf16 only, else "no tensor"): a bf16 tensor of as many elements, which receives the new
// weights.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/device/context.h"
#include "kernels/device/step_state.h"
#include "kernels/device/tensor.h"

namespace kickdrum {

struct AdamSpec {
    double beta_1 = 0.9;          // double: 1 - 0.999F is off by 1e-5 of itself
    bool beta_1_by_step = false;  // beta_1 is state->beta_1 instead
    double beta_2 = 0.999;
    double epsilon = 1e-7;    // added to the uncorrected sqrt(v), as Keras does
    double weight_decay = 0;  // decoupled (AdamW): w -= w * weight_decay * learning_rate, before the step
    double rate_factor = 1;   // multiplies the learning rate
    std::uint64_t first_step = 0;  // that these weights learn at: t = state->step + 1 - first_step
};
//   m += (g - m)(1 - beta_1);  v += (g^2 - v)(1 - beta_2)
//   w -= learning_rate * sqrt(1 - beta_2^t) / (1 - beta_1^t) * m / (sqrt(v) + epsilon)
void adam_step(Context& context, const AdamSpec& spec, const StepState* state, Tensor weights,
               Tensor gradient, Tensor m, Tensor v, Tensor shadow = {});

struct SgdSpec {
    double momentum = 0;
    bool nesterov = false;
    double weight_decay = 0;  // decoupled, as above
    double rate_factor = 1;
};
//   v = momentum * v - learning_rate * g;  w += v   (nesterov: w += momentum * v - learning_rate * g)
// velocity may be "no tensor" where momentum is 0.
void sgd_step(Context& context, const SgdSpec& spec, const StepState* state, Tensor weights, Tensor gradient,
              Tensor velocity, Tensor shadow = {});

// state->gradient_scale = min(1, limit / norm), norm = the root of the sum of all squares, added up in double
// precision in an order that depends on the count only. scratch: clip_scratch_bytes().
std::size_t clip_scratch_bytes();
void clip_by_global_norm(Context& context, double limit, Tensor gradients, Tensor scratch, StepState* state);

// The backend's half: arguments are checked already.
namespace cpu {
void adam_step(Context& context, const AdamSpec& spec, const StepState* state, Tensor weights,
               Tensor gradient, Tensor m, Tensor v, Tensor shadow);
void sgd_step(Context& context, const SgdSpec& spec, const StepState* state, Tensor weights, Tensor gradient,
              Tensor velocity, Tensor shadow);
void clip_by_global_norm(Context& context, double limit, Tensor gradients, Tensor scratch, StepState* state);
}  // namespace cpu
namespace cuda {
void adam_step(Context& context, const AdamSpec& spec, const StepState* state, Tensor weights,
               Tensor gradient, Tensor m, Tensor v, Tensor shadow);
void sgd_step(Context& context, const SgdSpec& spec, const StepState* state, Tensor weights, Tensor gradient,
              Tensor velocity, Tensor shadow);
void clip_by_global_norm(Context& context, double limit, Tensor gradients, Tensor scratch, StepState* state);
}  // namespace cuda

}  // namespace kickdrum
