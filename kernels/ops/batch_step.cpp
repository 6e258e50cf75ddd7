// SPDX-License-Identifier: MIT
#include "kernels/ops/batch_step.h"

#include "kernels/device/dispatch.h"
#include "kernels/ops/tensor_checks.h"

namespace kickdrum {

void begin_batch(Context& context, const BatchTables& tables, StepState* state, Tensor indices, Tensor labels,
                 Tensor weights) {
    require(state != nullptr, "begin_batch: the state of the step is missing");
    require_tensor(context, "begin_batch: clips", tables.clips, DType::i32);
    require(tables.clips.shape.rank() == 2, "begin_batch: clips must have two axes (batches, n), not {}",
            tables.clips.shape.rank());
    const Shape batches{tables.clips.rows()};
    require_tensor(context, "begin_batch: rows", tables.rows, batches, DType::i32);
    require_tensor(context, "begin_batch: learning_rates", tables.learning_rates, batches);
    require_tensor(context, "begin_batch: beta_1", tables.beta_1, batches);
    require_tensor(context, "begin_batch: dataset_labels", tables.dataset_labels, DType::i32);
    require_tensor(context, "begin_batch: class_weights", tables.class_weights);
    require_tensor(context, "begin_batch: indices", indices, DType::i32);
    require(indices.count() <= tables.clips.shape[1], "begin_batch: {} indices, but a batch has {} clips",
            indices.count(), tables.clips.shape[1]);
    require_tensor(context, "begin_batch: labels", labels, indices.shape, DType::i32);
    require_tensor(context, "begin_batch: weights", weights, indices.shape);
    KICKDRUM_DISPATCH(context, begin_batch(context, tables, state, indices, labels, weights));
}

}  // namespace kickdrum
