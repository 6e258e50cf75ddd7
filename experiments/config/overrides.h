// SPDX-License-Identifier: MIT
// "key.path=value", as given to --set: the same as if the value stood in the file.
#pragma once

#include <string>

#include "experiments/config/yaml_value.h"

namespace kickdrum {

// Puts the value into the tree; keys that are missing on the way are made. `value` is YAML; null takes the
// key away.
void apply_override(YamlValue& root, const std::string& assignment, Problems& problems);

}  // namespace kickdrum
