// SPDX-License-Identifier: MIT
// An experiment with every default filled in: resolved.yaml of the results folder.
#pragma once

#include <string>

#include "experiments/config/experiment_config.h"

namespace kickdrum {

// An experiment file that read_experiment reads as the same configuration, wherever it lies: paths are
// absolute.
std::string resolved_yaml(const ExperimentConfig& config);

}  // namespace kickdrum
