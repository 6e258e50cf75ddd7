// SPDX-License-Identifier: MIT
// Softmax and categorical cross-entropy in one pass, from logits (stable: the row maximum is subtracted).
//   p = softmax(logits[i]);  t = onehot(label) * (1 - smoothing) + smoothing / classes
//   With mixed labels (mixup): onehot(label) * share + onehot(other) * (1 - share) instead of onehot(label).
//   loss_i = weight_i * -sum_k t_k log p_k                 (natural logarithm, computed from the logits)
//   diff_logits[i, k] = weight_i * (p_k - t_k) * state->loss_scale     (1 / rows for Keras'
//   sum_over_batch_size)
// The batch's sum of loss_i, and the number of rows whose most probable class is the label (the first of
// equals), are added to state->loss_sum and state->correct, for rows i < state->rows; rows after them are
// padding and get a gradient of zero.
#pragma once

#include "kernels/device/context.h"
#include "kernels/device/step_state.h"
#include "kernels/device/tensor.h"

namespace kickdrum {

struct SoftmaxCrossEntropySpec {
    float label_smoothing = 0;
};

// Of clips that are mixtures of two; both "no tensor": of none.
struct MixedLabels {
    Tensor other_labels;  // i32 [n]; in [0, classes), else as if share were 1
    Tensor shares;        // [n]: of the own label, 0 to 1
};

// logits, probabilities, diff_logits: [n, classes]; labels: i32 [n]; weights: [n]; row_loss: [n].
// diff_logits may be "no tensor" (evaluation); it may be logits' memory. logits and diff_logits are f32, on
// CUDA also bf16; all else f32. A label outside [0, classes) throws; on CUDA its row's loss and gradient
// become NaN.
void softmax_cross_entropy(Context& context, const SoftmaxCrossEntropySpec& spec, Tensor logits,
                           Tensor labels, Tensor weights, StepState* state, Tensor probabilities,
                           Tensor row_loss, Tensor diff_logits, const MixedLabels& mixed = {});

// probabilities = softmax(logits), both [n, classes]; in place allowed where logits are f32.
void softmax(Context& context, Tensor logits, Tensor probabilities);

// The backend's half: arguments are checked already.
namespace cpu {
void softmax_cross_entropy(Context& context, const SoftmaxCrossEntropySpec& spec, Tensor logits,
                           Tensor labels, Tensor weights, StepState* state, Tensor probabilities,
                           Tensor row_loss, Tensor diff_logits, const MixedLabels& mixed);
void softmax(Context& context, Tensor logits, Tensor probabilities);
}  // namespace cpu
namespace cuda {
void softmax_cross_entropy(Context& context, const SoftmaxCrossEntropySpec& spec, Tensor logits,
                           Tensor labels, Tensor weights, StepState* state, Tensor probabilities,
                           Tensor row_loss, Tensor diff_logits, const MixedLabels& mixed);
void softmax(Context& context, Tensor logits, Tensor probabilities);
}  // namespace cuda

}  // namespace kickdrum
