// SPDX-License-Identifier: MIT
// From which probability on a class counts as present, where clips may have several.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "experiments/runs/run_result.h"

namespace kickdrum {

// Of each class the threshold with the best F1 over these predictions (the validation part's): one half, or the
// middle between two neighbouring probabilities; of equals the nearest to one half. A class that none of them
// has keeps one half.
std::vector<double> best_thresholds(std::span<const Prediction> predictions, std::size_t classes);

// Sets `predicted` by the thresholds.
void apply_thresholds(std::span<Prediction> predictions, std::span<const double> thresholds);

}  // namespace kickdrum
