// SPDX-License-Identifier: MIT
#include <algorithm>

#include "kernels/cuda/launch.cuh"
#include "kernels/ops/batch_step.h"

namespace kickdrum::cuda {
namespace {

constexpr unsigned kThreads = 256;

// The tables as the kernel sees them.
struct Tables {
    const std::int32_t* clips;
    const std::int32_t* rows;
    const float* learning_rates;
    const float* beta_1;
    const std::int32_t* dataset_labels;
    const float* class_weights;
    std::int32_t batches;
    std::int32_t batch_size;
    std::int32_t dataset_clips;
    std::int32_t classes;
};

struct Batch {
    std::int32_t* indices;
    std::int32_t* labels;
    float* weights;
    std::int32_t size;
};

// One block: a batch has few clips, and the state's new values are then written once.
__global__ void begin(Tables tables, StepState* state, Batch batch) {
    const std::int32_t number = state->next_batch;
    if (number < 0 || number >= tables.batches) return;
    const std::int32_t* const clips = tables.clips + std::int64_t{number} * tables.batch_size;
    const std::int32_t rows = tables.rows[number];
    for (auto i = static_cast<std::int32_t>(threadIdx.x); i < batch.size;
         i += static_cast<std::int32_t>(blockDim.x)) {
        const std::int32_t clip = clips[i];
        std::int32_t label = -1;
        if (clip >= 0 && clip < tables.dataset_clips) label = tables.dataset_labels[clip];
        const bool valid = label >= 0 && label < tables.classes;
        batch.indices[i] = clip;
        batch.labels[i] = valid ? label : -1;
        batch.weights[i] = !valid ? nanf("") : i < rows ? tables.class_weights[label] : 0.0F;
    }
    __syncthreads();  // everybody has read the number of the batch
    if (threadIdx.x != 0) return;
    state->learning_rate = tables.learning_rates[number];
    state->beta_1 = tables.beta_1[number];
    state->gradient_scale = 1;
    state->loss_scale = 1 / static_cast<float>(rows);
    state->rows = rows;
    state->batch = number;
    state->next_batch = number + 1;
    state->step = state->first_step + static_cast<std::uint64_t>(number);
}

}  // namespace

void begin_batch(Context& context, const BatchTables& tables, StepState* state, Tensor indices, Tensor labels,
                 Tensor weights) {
    const Tables given = {.clips = tables.clips.i32(),
                          .rows = tables.rows.i32(),
                          .learning_rates = tables.learning_rates.f32(),
                          .beta_1 = tables.beta_1.f32(),
                          .dataset_labels = tables.dataset_labels.i32(),
                          .class_weights = tables.class_weights.f32(),
                          .batches = static_cast<std::int32_t>(tables.clips.rows()),
                          .batch_size = static_cast<std::int32_t>(tables.clips.shape[1]),
                          .dataset_clips = static_cast<std::int32_t>(tables.dataset_labels.count()),
                          .classes = static_cast<std::int32_t>(tables.class_weights.count())};
    const Batch batch = {indices.i32(), labels.i32(), weights.f32(),
                         static_cast<std::int32_t>(indices.count())};
    launch(context, begin, {.grid = dim3(1), .block = dim3(kThreads)}, given, state, batch);
}

}  // namespace kickdrum::cuda
