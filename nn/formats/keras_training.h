// SPDX-License-Identifier: MIT
// Keras' description of how a model is trained: JSON of `training_config`.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "nn/training/training_spec.h"

namespace kickdrum {

// Categorical cross-entropy and accuracy, with this optimiser.
std::string keras_training_config(const OptimizerSpec& spec);

// Nothing where the file has another optimiser than Adam, AdamW and SGD, or one with options that ours
// doesn't have.
std::optional<OptimizerSpec> optimizer_of_training_config(std::string_view json);

}  // namespace kickdrum
