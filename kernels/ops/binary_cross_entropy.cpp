// SPDX-License-Identifier: MIT
#include "kernels/ops/binary_cross_entropy.h"

#include "kernels/device/dispatch.h"
#include "kernels/ops/tensor_checks.h"

namespace kickdrum {

void binary_cross_entropy(Context& context, const BinaryCrossEntropySpec& spec, const LabelSets& sets,
                          Tensor logits, Tensor labels, Tensor weights, StepState* state,
                          Tensor probabilities, Tensor row_loss, Tensor diff_logits,
                          const MixedLabels& mixed) {
    require(spec.label_smoothing >= 0 && spec.label_smoothing < 1,
            "binary_cross_entropy: label smoothing must be in [0, 1), not {}", spec.label_smoothing);
    require(state != nullptr, "binary_cross_entropy: the state of the step is missing");
    require_tensor(context, "binary_cross_entropy: logits", logits, activation_type(context, logits));
    require(logits.shape.rank() == 2,
            "binary_cross_entropy: logits must have two axes (rows, classes), not {}", logits.shape.rank());
    const std::int64_t classes = logits.shape[1];
    require_tensor(context, "binary_cross_entropy: sets", sets.present);
    require(sets.present.shape.rank() == 2 && sets.present.shape[1] == classes,
            "binary_cross_entropy: the sets must have two axes (sets, {} classes)", classes);
    require_tensor(context, "binary_cross_entropy: class_weights", sets.class_weights, Shape{2, classes});
    const Shape rows = {logits.rows()};
    require_tensor(context, "binary_cross_entropy: labels", labels, rows, DType::i32);
    require_tensor(context, "binary_cross_entropy: weights", weights, rows);
    require_tensor(context, "binary_cross_entropy: row_loss", row_loss, rows);
    require_tensor(context, "binary_cross_entropy: probabilities", probabilities, logits.shape);
    require(!diff_logits || probabilities.data != diff_logits.data,
            "binary_cross_entropy: probabilities and diff_logits can't share their memory");
    if (mixed.shares || mixed.other_labels) {
        require_tensor(context, "binary_cross_entropy: other_labels", mixed.other_labels, rows, DType::i32);
        require_tensor(context, "binary_cross_entropy: shares", mixed.shares, rows);
    }
    if (diff_logits)
        require_tensor(context, "binary_cross_entropy: diff_logits", diff_logits, logits.shape, logits.dtype);
    KICKDRUM_DISPATCH(context, binary_cross_entropy(context, spec, sets, logits, labels, weights, state,
                                                    probabilities, row_loss, diff_logits, mixed));
}

}  // namespace kickdrum
