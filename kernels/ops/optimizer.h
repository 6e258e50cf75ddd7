// SPDX-License-Identifier: MIT
// Optimiser steps as one pass over flat memory. All tensors: f32 of equal count.
// `step` counts from 1. Formulas as Keras 3 computes them.
#pragma once

#include <cstdint>

#include "kernels/device/context.h"
#include "kernels/device/tensor.h"

namespace kickdrum {

// gradient_scale multiplies every gradient first (clipping by global norm).
struct AdamSpec {
    double beta_1 = 0.9;  // double: 1 - 0.999F is off by 1e-5 of itself
    double beta_2 = 0.999;
    double epsilon = 1e-7;    // added to the uncorrected sqrt(v), as Keras does
    double weight_decay = 0;  // decoupled (AdamW): w -= w * weight_decay * learning_rate, before the step
};
//   m += (g - m)(1 - beta_1);  v += (g^2 - v)(1 - beta_2)
//   w -= learning_rate * sqrt(1 - beta_2^t) / (1 - beta_1^t) * m / (sqrt(v) + epsilon)
void adam_step(Context& context, const AdamSpec& spec, float learning_rate, std::uint64_t step,
               float gradient_scale, Tensor weights, Tensor gradient, Tensor m, Tensor v);

struct SgdSpec {
    double momentum = 0;
    bool nesterov = false;
    double weight_decay = 0;  // decoupled, as above
};
//   v = momentum * v - learning_rate * g;  w += v   (nesterov: w += momentum * v - learning_rate * g)
// velocity may be "no tensor" where momentum is 0.
void sgd_step(Context& context, const SgdSpec& spec, float learning_rate, float gradient_scale,
              Tensor weights, Tensor gradient, Tensor velocity);

// The backend's half: arguments are checked already.
namespace cpu {
void adam_step(Context& context, const AdamSpec& spec, float learning_rate, std::uint64_t step,
               float gradient_scale, Tensor weights, Tensor gradient, Tensor m, Tensor v);
void sgd_step(Context& context, const SgdSpec& spec, float learning_rate, float gradient_scale,
              Tensor weights, Tensor gradient, Tensor velocity);
}  // namespace cpu

}  // namespace kickdrum
