// SPDX-License-Identifier: MIT
#include "nn/training/learning_slices.h"

#include <algorithm>
#include <string>

namespace kickdrum {
namespace {

// "residual_1" of "residual_1/body/conv2d_1/kernel"
std::string_view layer_of(std::string_view parameter) {
    return parameter.substr(0, parameter.find('/'));
}

LayerTraining training_of(std::string_view layer, const TrainingSpec& spec) {
    const auto found = spec.layers.find(std::string(layer));
    return found == spec.layers.end() ? LayerTraining{} : found->second;
}

bool alike(const LearningSlice& a, const LearningSlice& b) {
    return a.rate == b.rate && a.first_step == b.first_step && a.decays == b.decays && a.frozen == b.frozen;
}

}  // namespace

Tensor LearningSlice::of(Tensor flat) const {
    if (!flat) return {};
    flat.data = static_cast<std::byte*>(flat.data) + static_cast<std::size_t>(begin) * size_of(flat.dtype);
    flat.shape = {count};
    return flat;
}

std::vector<LearningSlice> learning_slices(const ParameterStore& parameters, const TrainingSpec& spec,
                                           int epoch, std::int64_t steps_per_epoch) {
    std::vector<LearningSlice> slices;
    for (const auto& parameter : parameters.parameters()) {
        if (!is_trainable(parameter.kind)) continue;
        const LayerTraining training = training_of(layer_of(parameter.name), spec);
        LearningSlice slice{.begin = static_cast<std::int64_t>(parameter.offset / sizeof(float))};
        slice.decays = spec.optimizer.weight_decay != 0 && takes_decay(parameter.kind);
        slice.frozen = epoch < training.first_epoch;
        if (!slice.frozen) {
            slice.rate = training.rate;
            slice.first_step = static_cast<std::uint64_t>(training.first_epoch * steps_per_epoch);
        }
        if (slices.empty() || !alike(slices.back(), slice)) slices.push_back(slice);
    }
    // Up to the next one, with the padding between them.
    std::int64_t end = parameters.values().count();
    for (auto slice = slices.rbegin(); slice != slices.rend(); ++slice) {
        slice->count = end - slice->begin;
        end = slice->begin;
    }
    return slices;
}

bool is_frozen(std::string_view layer, const TrainingSpec& spec, int epoch) {
    return epoch < training_of(layer_of(layer), spec).first_epoch;
}

bool learns(std::string_view layer, const ParameterStore& parameters, const TrainingSpec& spec, int epoch) {
    return !is_frozen(layer, spec, epoch) &&
           std::ranges::any_of(parameters.parameters(), [&](const Parameter& parameter) {
               return is_trainable(parameter.kind) && layer_of(parameter.name) == layer;
           });
}

}  // namespace kickdrum
