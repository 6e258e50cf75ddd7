// SPDX-License-Identifier: MIT
// Checks of an experiment that need more than one key.
#pragma once

#include <string>

#include "experiments/config/experiment_config.h"
#include "experiments/config/experiment_fields.h"
#include "experiments/config/yaml_value.h"

namespace kickdrum {

// Adds to `problems`, and to config.warnings. Keys that have a problem already are not judged again.
void check_config(const YamlValue& root, ExperimentConfig& config, const FileOnlyValues& other,
                  Problems& problems);

// Only the block `features`.
void check_features(const YamlValue& root, ExperimentConfig& config, Problems& problems);

// Only the blocks `baselines` and `baseline`, or that there is a `model` instead. Also fills in what follows
// from them: which baseline runs, and that the published protocol has one run.
void check_baselines(const YamlValue& root, ExperimentConfig& config, Problems& problems);

}  // namespace kickdrum
