// SPDX-License-Identifier: MIT
#include "kernels/ops/softmax_cross_entropy.h"

#include "kernels/device/dispatch.h"
#include "kernels/ops/tensor_checks.h"

namespace kickdrum {
void softmax_cross_entropy(Context& context, const SoftmaxCrossEntropySpec& spec, Tensor logits,
                           Tensor labels, Tensor weights, StepState* state, Tensor probabilities,
                           Tensor row_loss, Tensor diff_logits, const MixedLabels& mixed) {
    require(spec.label_smoothing >= 0 && spec.label_smoothing < 1,
            "softmax_cross_entropy: label smoothing must be in [0, 1), not {}", spec.label_smoothing);
    require(state != nullptr, "softmax_cross_entropy: the state of the step is missing");
    require_tensor(context, "softmax_cross_entropy: logits", logits, activation_type(context, logits));
    require(logits.shape.rank() == 2,
            "softmax_cross_entropy: logits must have two axes (rows, classes), not {}", logits.shape.rank());
    const Shape rows = {logits.rows()};
    require_tensor(context, "softmax_cross_entropy: labels", labels, rows, DType::i32);
    require_tensor(context, "softmax_cross_entropy: weights", weights, rows);
    require_tensor(context, "softmax_cross_entropy: row_loss", row_loss, rows);
    require_tensor(context, "softmax_cross_entropy: probabilities", probabilities, logits.shape);
    require(!diff_logits || probabilities.data != diff_logits.data,
            "softmax_cross_entropy: probabilities and diff_logits can't share their memory");
    if (mixed.shares || mixed.other_labels) {
        require_tensor(context, "softmax_cross_entropy: other_labels", mixed.other_labels, rows, DType::i32);
        require_tensor(context, "softmax_cross_entropy: shares", mixed.shares, rows);
    }
    if (diff_logits) {
        require_tensor(context, "softmax_cross_entropy: diff_logits", diff_logits, logits.shape,
                       logits.dtype);
    }
    KICKDRUM_DISPATCH(context, softmax_cross_entropy(context, spec, logits, labels, weights, state,
                                                     probabilities, row_loss, diff_logits, mixed));
}

void softmax(Context& context, Tensor logits, Tensor probabilities) {
    require_tensor(context, "softmax: logits", logits, activation_type(context, logits));
    require(logits.shape.rank() == 2, "softmax: logits must have two axes (rows, classes), not {}",
            logits.shape.rank());
    require_tensor(context, "softmax: probabilities", probabilities, logits.shape);
    KICKDRUM_DISPATCH(context, softmax(context, logits, probabilities));
}

}  // namespace kickdrum
