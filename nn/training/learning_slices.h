// SPDX-License-Identifier: MIT
// What the optimiser's pass over the flat parameters is cut into where not all of them are to be changed alike:
// biases take no weight decay, layers may be frozen or have rates of their own (TrainingSpec::layers). One
// slice is everything where nothing differs.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "nn/model/parameter_store.h"
#include "nn/training/training_spec.h"

namespace kickdrum {

struct LearningSlice {
    std::int64_t begin = 0;  // elements of the flat arrays
    std::int64_t count = 0;
    double rate = 1;               // multiplies the learning rate
    std::uint64_t first_step = 0;  // that it learned at
    bool decays = false;
    bool frozen = false;

    // Its part of a flat array; "no tensor" of no tensor.
    Tensor of(Tensor flat) const;
    friend bool operator==(const LearningSlice&, const LearningSlice&) = default;
};

// Neighbours that are treated alike are one slice.
std::vector<LearningSlice> learning_slices(const ParameterStore& parameters, const TrainingSpec& spec,
                                           int epoch, std::int64_t steps_per_epoch);

bool is_frozen(std::string_view layer, const TrainingSpec& spec, int epoch);
// Whether it has a trainable parameter and isn't frozen.
bool learns(std::string_view layer, const ParameterStore& parameters, const TrainingSpec& spec, int epoch);

}  // namespace kickdrum
