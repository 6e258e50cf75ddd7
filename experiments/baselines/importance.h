// SPDX-License-Identifier: MIT
// What a fitted model makes of its features, family by family: mfcc_3_mean and mfcc_11_sd are both of `mfcc`.
#pragma once

#include <string>
#include <vector>

#include "experiments/baselines/baseline_model.h"
#include "experiments/runs/run_result.h"

namespace kickdrum {

// A feature's name without numbers and without the figure taken of it (mean, sd, p10...).
std::string feature_family(const std::string& name);

// By falling loss of F1: gain as a share of all gains (none where the model has none), and how much the
// weighted F1 falls when the family's columns together are shuffled among these clips, mean over five times.
std::vector<FamilyImportance> family_importance(const BaselineModel::Member& model, const Matrix& raw,
                                                const std::vector<int>& labels, std::uint64_t seed);

}  // namespace kickdrum
