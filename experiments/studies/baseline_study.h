// SPDX-License-Identifier: MIT
// An experiment with several baselines is a study: one variant for each that isn't only a member of votes.
#pragma once

#include <string>
#include <vector>

#include "experiments/studies/study_file.h"

namespace kickdrum {

// Whether there is more than one baseline to run, and none is chosen.
bool is_baseline_study(const ExperimentConfig& config);

// `config` as read from its file with `overrides`.
StudyPlan baseline_study(const ExperimentConfig& config, const std::vector<std::string>& overrides);

}  // namespace kickdrum
