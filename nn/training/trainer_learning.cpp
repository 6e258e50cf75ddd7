// SPDX-License-Identifier: MIT
// Which layers learn, and the optimiser's pass over their parameters.
#include <utility>

#include "kernels/ops/elementwise.h"
#include "kernels/ops/optimizer.h"
#include "nn/training/trainer.h"

namespace kickdrum {

void Trainer::begin_epoch(int epoch, std::int64_t steps_per_epoch) {
    std::vector<LearningSlice> slices = learning_slices(parameters_, spec_, epoch, steps_per_epoch);
    if (slices == slices_) return;
    slices_ = std::move(slices);
    // What a captured step does is part of its graph.
    graph_ = {};
    graph_.capture(capture_);
    std::size_t end = training_.model->layers().size();
    for (std::size_t i = end; i-- > 0;) {
        Layer& layer = *training_.model->layers()[i];
        layer.freeze(is_frozen(layer.name(), spec_, epoch));
        if (learns(layer.name(), parameters_, spec_, epoch)) end = i;
    }
    training_.model->end_backward_at(end);
}

void Trainer::optimizer_step() {
    if (spec_.optimizer.global_clipnorm) {
        // What doesn't learn has no part in the norm.
        for (const LearningSlice& slice : slices_) {
            if (slice.frozen) fill(context_, 0, slice.of(parameters_.gradients()));
        }
        clip_by_global_norm(context_, *spec_.optimizer.global_clipnorm, parameters_.gradients(),
                            clip_scratch_, tables_.state());
    }
    for (const LearningSlice& slice : slices_) {
        if (!slice.frozen) update(slice);
    }
}

void Trainer::update(const LearningSlice& slice) {
    const OptimizerSpec& optimizer = spec_.optimizer;
    const Tensor values = slice.of(parameters_.values());
    const Tensor gradients = slice.of(parameters_.gradients());
    const Tensor shadow = slice.of(parameters_.shadow());
    const double decay = slice.decays ? optimizer.weight_decay : 0;
    if (optimizer.kind == OptimizerKind::sgd) {
        sgd_step(context_,
                 {.momentum = static_cast<float>(optimizer.momentum),
                  .nesterov = optimizer.nesterov,
                  .weight_decay = static_cast<float>(decay),
                  .rate_factor = slice.rate},
                 tables_.state(), values, gradients, slice.of(moment_1_), shadow);
    } else {
        adam_step(context_,
                  {.beta_1 = static_cast<float>(optimizer.beta_1),
                   .beta_1_by_step = changes_beta_1(spec_.schedule),
                   .beta_2 = static_cast<float>(optimizer.beta_2),
                   .epsilon = static_cast<float>(optimizer.epsilon),
                   .weight_decay = static_cast<float>(decay),
                   .rate_factor = slice.rate,
                   .first_step = slice.first_step},
                  tables_.state(), values, gradients, slice.of(moment_1_), slice.of(moment_2_), shadow);
    }
}

}  // namespace kickdrum
