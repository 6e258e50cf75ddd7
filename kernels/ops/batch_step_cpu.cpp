// SPDX-License-Identifier: MIT
#include "kernels/ops/batch_step.h"

namespace kickdrum::cpu {

void begin_batch(Context&, const BatchTables& tables, StepState* state, Tensor indices, Tensor labels,
                 Tensor weights) {
    const std::int64_t batch = state->next_batch;
    require(batch >= 0 && batch < tables.clips.rows(), "begin_batch: batch {} of {}", batch,
            tables.clips.rows());
    const std::int32_t* clips = tables.clips.i32() + batch * tables.clips.shape[1];
    const std::int32_t rows = tables.rows.i32()[batch];
    for (std::int64_t i = 0; i < indices.count(); ++i) {
        const std::int32_t clip = clips[i];
        require(clip >= 0 && clip < tables.dataset_labels.count(),
                "begin_batch: clip {} of batch {} is {}, but there are {} clips", i, batch, clip,
                tables.dataset_labels.count());
        const std::int32_t label = tables.dataset_labels.i32()[clip];
        require(label >= 0 && label < tables.class_weights.count(),
                "begin_batch: the label of clip {} is {}, but there are {} classes", clip, label,
                tables.class_weights.count());
        indices.i32()[i] = clip;
        labels.i32()[i] = label;
        weights.f32()[i] = i < rows ? tables.class_weights.f32()[label] : 0;
    }
    state->learning_rate = tables.learning_rates.f32()[batch];
    state->beta_1 = tables.beta_1.f32()[batch];
    state->gradient_scale = 1;
    state->loss_scale = 1 / static_cast<float>(rows);
    state->rows = rows;
    state->batch = static_cast<std::int32_t>(batch);
    state->next_batch = state->batch + 1;
    state->step = state->first_step + static_cast<std::uint64_t>(batch);
}

}  // namespace kickdrum::cpu
