// SPDX-License-Identifier: MIT
// Sigmoid and binary cross-entropy of several classes at once in one pass, from logits: a clip may have any
// set of the classes, and each class is a yes or no of its own. Labels are numbers of sets in a table.
//   p = sigmoid(z) = 1 / (1 + exp(-z));   t = present * (1 - smoothing) + smoothing / 2
//   With mixed labels (mixup): share * own set + (1 - share) * other set instead of present.
//   loss_i = weight_i / classes * sum_k (absent_k + present * (present_k - absent_k)) * (softplus(z_k) - t_k z_k)
//   with softplus(z) = log(1 + exp(z)) = max(z, 0) + log1p(exp(-|z|)), and class_weights the rows absent and
//   present; the first two factors are w_k below
//   diff_logits[i, k] = weight_i * w_k / classes * (p_k - t_k) * state->loss_scale
// Keras' BinaryCrossentropy(from_logits=True) where the weights are 1. The batch's sum of loss_i, and the
// number of rows whose classes with p >= 1/2 are exactly those of the label, are added to state->loss_sum and
// state->correct, for rows i < state->rows; rows after them are padding and get a gradient of zero.
#pragma once

#include "kernels/device/context.h"
#include "kernels/device/step_state.h"
#include "kernels/device/tensor.h"
#include "kernels/ops/softmax_cross_entropy.h"

namespace kickdrum {

struct BinaryCrossEntropySpec {
    float label_smoothing = 0;
};

// What doesn't change from batch to batch. f32.
struct LabelSets {
    Tensor present;        // [sets, classes], 0 or 1
    Tensor class_weights;  // [2, classes]: of an absent class, of a present one
};

// logits, probabilities, diff_logits: [n, classes]; labels: i32 [n], in [0, sets); weights, row_loss: [n].
// diff_logits may be "no tensor" (evaluation); it may be logits' memory. logits and diff_logits are f32, on
// CUDA also bf16; all else f32. A label outside [0, sets) throws; on CUDA its row's loss and gradient become
// NaN.
void binary_cross_entropy(Context& context, const BinaryCrossEntropySpec& spec, const LabelSets& sets,
                          Tensor logits, Tensor labels, Tensor weights, StepState* state,
                          Tensor probabilities, Tensor row_loss, Tensor diff_logits,
                          const MixedLabels& mixed = {});

// The backend's half: arguments are checked already.
namespace cpu {
void binary_cross_entropy(Context& context, const BinaryCrossEntropySpec& spec, const LabelSets& sets,
                          Tensor logits, Tensor labels, Tensor weights, StepState* state,
                          Tensor probabilities, Tensor row_loss, Tensor diff_logits,
                          const MixedLabels& mixed);
}  // namespace cpu
namespace cuda {
void binary_cross_entropy(Context& context, const BinaryCrossEntropySpec& spec, const LabelSets& sets,
                          Tensor logits, Tensor labels, Tensor weights, StepState* state,
                          Tensor probabilities, Tensor row_loss, Tensor diff_logits,
                          const MixedLabels& mixed);
}  // namespace cuda

}  // namespace kickdrum
