// SPDX-License-Identifier: MIT
// The numbers that a classical model is fitted with: their names in the experiment file, defaults and ranges.
// Names are those of scikit-learn, XGBoost and LightGBM.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "experiments/baselines/baseline_spec.h"
#include "experiments/config/fields.h"

namespace kickdrum {

struct ParameterInfo {
    std::string_view name;
    std::string_view meaning;
    double value = 0;  // default
    NumberRange range;
    bool whole = false;
};

// Empty for vote and results.
std::span<const ParameterInfo> parameters_of(BaselineKind kind);

Parameters default_parameters(BaselineKind kind);

// "learning_rate=0.05 max_depth=8", whole numbers as such.
std::string to_string(const Parameters& parameters);

}  // namespace kickdrum
