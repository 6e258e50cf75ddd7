// SPDX-License-Identifier: MIT
// The state of the optimiser in a form that other programs understand.
#include <utility>

#include "nn/training/trainer.h"

namespace kickdrum {
namespace {

std::vector<WeightRow> trained_rows(const ParameterStore& parameters) {
    std::vector<WeightRow> rows;
    for (const auto& parameter : parameters.parameters()) {
        if (is_trainable(parameter.kind)) rows.push_back({.name = parameter.name, .shape = parameter.shape});
    }
    return rows;
}

}  // namespace

OptimizerState Trainer::optimizer_state() const {
    OptimizerState state{.spec = spec_.optimizer, .step = step_, .moments = {}};
    for (const Tensor& moment : {moment_1_, moment_2_}) {
        if (!moment) continue;
        auto& list = state.moments.emplace_back();
        for (const auto& parameter : parameters_.parameters()) {
            if (!is_trainable(parameter.kind)) continue;
            list.push_back({parameter.name, parameter.shape, parameters_.read(parameter, moment)});
        }
    }
    return state;
}

void Trainer::set_optimizer_state(const OptimizerState& state) {
    const auto count = static_cast<std::size_t>(moment_count(spec_.optimizer));
    require(state.moments.size() == count, "an optimiser with {} moments was given to one with {}",
            state.moments.size(), count);
    const auto rows = trained_rows(parameters_);
    std::vector<std::vector<NamedWeights>> sorted;
    for (const auto& list : state.moments) sorted.push_back(matched_weights(list, rows));
    for (std::size_t i = 0; i < count; ++i) {
        std::size_t next = 0;
        for (const auto& parameter : parameters_.parameters()) {
            if (!is_trainable(parameter.kind)) continue;
            parameters_.write(parameter, i == 0 ? moment_1_ : moment_2_, sorted[i][next++].values);
        }
    }
    step_ = state.step;
}

}  // namespace kickdrum
