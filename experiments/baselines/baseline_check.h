// SPDX-License-Identifier: MIT
// `kickdrum check` for a chosen baseline: everything that can be known before it is fitted.
#pragma once

#include <string>

#include "experiments/config/experiment_config.h"
#include "experiments/runs/check.h"

namespace kickdrum {

struct BaselineCheck {
    std::string text;  // for people
    std::string json;
    bool interrupted = false;
};

// Throws UserError as run_experiment does, also (exit code 4) where a library is missing.
BaselineCheck check_baseline(const ExperimentConfig& config, const CheckOptions& options, Progress& progress);

}  // namespace kickdrum
