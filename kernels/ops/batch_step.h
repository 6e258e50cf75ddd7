// SPDX-License-Identifier: MIT
// The first thing that a training step does: from tables of the whole epoch, in the device's memory, to the
// indices, labels and weights of one batch. A step needs nothing of the host then: the state knows which
// batch is next, so that a captured step serves all of them.
//
//   begin_batch, with b = state->next_batch, for every row i of the batch:
//     indices[i] = clips[b, i];  labels[i] = dataset_labels[indices[i]]
//     weights[i] = i < rows[b] ? class_weights[labels[i]] : 0
//     state: learning_rate = learning_rates[b], beta_1 = beta_1[b], gradient_scale = 1, loss_scale = 1 / rows[b], rows = rows[b],
//            batch = b, next_batch = b + 1, step = first_step + b
#pragma once

#include "kernels/device/context.h"
#include "kernels/device/step_state.h"
#include "kernels/device/tensor.h"

namespace kickdrum {

// Views of the device's memory, not owned. A batch has up to n clips, an epoch up to `batches` of them.
struct BatchTables {
    Tensor clips;           // i32 [batches, n], indices into the dataset; padding: any clip
    Tensor rows;            // i32 [batches], how many clips of the batch aren't padding
    Tensor learning_rates;  // [batches]
    Tensor beta_1;          // [batches]
    Tensor dataset_labels;  // i32 [clips of the dataset]
    Tensor class_weights;   // [classes]
};

// indices i32 [rows], labels i32 [rows], weights [rows], where rows <= n: what's written of the batch.
// An index outside the dataset, a label outside [0, classes) or a number of batches beyond the table's
// throws; on CUDA the row gets label -1 and weight NaN, and a batch beyond the table nothing.
void begin_batch(Context& context, const BatchTables& tables, StepState* state, Tensor indices, Tensor labels,
                 Tensor weights);

// The backend's half: arguments are checked already.
namespace cpu {
void begin_batch(Context& context, const BatchTables& tables, StepState* state, Tensor indices, Tensor labels,
                 Tensor weights);
}  // namespace cpu
namespace cuda {
void begin_batch(Context& context, const BatchTables& tables, StepState* state, Tensor indices, Tensor labels,
                 Tensor weights);
}  // namespace cuda

}  // namespace kickdrum
