// SPDX-License-Identifier: MIT
// Softmax and categorical cross-entropy in one pass, from logits (stable: the row maximum is subtracted).
//   p = softmax(logits[i]);  t = onehot(label) * (1 - smoothing) + smoothing / classes
//   loss_i = weight_i * -sum_k t_k log p_k                 (natural logarithm, computed from the logits)
//   diff_logits[i, k] = weight_i * (p_k - t_k) * scale     (scale = 1 / rows for Keras' sum_over_batch_size)
#pragma once

#include "kernels/device/context.h"
#include "kernels/device/tensor.h"

namespace kickdrum {

struct SoftmaxCrossEntropySpec {
    float label_smoothing = 0;
};

// logits, probabilities, diff_logits: [n, classes]; labels: i32 [n]; weights: [n]; row_loss: [n].
// diff_logits may be "no tensor" (evaluation); it may be logits' memory. Labels outside [0, classes) throw.
void softmax_cross_entropy(Context& context, const SoftmaxCrossEntropySpec& spec, Tensor logits,
                           Tensor labels, Tensor weights, float scale, Tensor probabilities, Tensor row_loss,
                           Tensor diff_logits);

// probabilities = softmax(logits), both [n, classes]; in place allowed.
void softmax(Context& context, Tensor logits, Tensor probabilities);

// The backend's half: arguments are checked already.
namespace cpu {
void softmax_cross_entropy(Context& context, const SoftmaxCrossEntropySpec& spec, Tensor logits,
                           Tensor labels, Tensor weights, float scale, Tensor probabilities, Tensor row_loss,
                           Tensor diff_logits);
void softmax(Context& context, Tensor logits, Tensor probabilities);
}  // namespace cpu

}  // namespace kickdrum
