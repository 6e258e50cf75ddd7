// SPDX-License-Identifier: MIT
// StepState: everything that differs from one training step to the next. It lies in the device's memory and
// operations read it there, so that a step captured once (step_graph.h) serves every step of a run.
//
// Operations take `const StepState*`: a pointer into the memory of the context's device, to be read by its
// kernels only.
#pragma once

#include <cstdint>

namespace kickdrum {

struct StepState {
    std::uint64_t first_step = 0;  // optimiser steps done before the epoch
    std::uint64_t step = 0;        // ... before this step: the position of dropout's stream
    float learning_rate = 0;       // of this step
    float gradient_scale = 1;      // factor of all gradients: clipping by global norm
    float loss_scale = 1;          // 1 / rows, for Keras' sum_over_batch_size
    float beta_1 = 0;              // of this step, for an Adam whose beta_1 changes
    std::int32_t rows = 0;         // clips of this batch; rows after them are padding and don't count
    std::int32_t batch = 0;        // number of this batch within its epoch
    std::int32_t next_batch = 0;   // that the next step begins
    double loss_sum = 0;           // of the epoch so far: sum of weight * cross-entropy
    std::int64_t correct = 0;      // of the epoch so far
};
static_assert(sizeof(StepState) == 64);

}  // namespace kickdrum
