// SPDX-License-Identifier: MIT
// Checks of an experiment that need more than one key.
#pragma once

#include <string>

#include "experiments/config/experiment_config.h"
#include "experiments/config/experiment_fields.h"
#include "experiments/config/yaml_value.h"

namespace kickdrum {

// The value at a path ("training.class_weights"; list elements by number); nullptr: left out.
const YamlValue* value_at(const YamlValue& root, const std::string& path);

// Adds to `problems`, and to config.warnings. Keys that have a problem already are not judged again.
void check_config(const YamlValue& root, ExperimentConfig& config, const FileOnlyValues& other,
                  Problems& problems);

}  // namespace kickdrum
