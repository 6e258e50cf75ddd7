// SPDX-License-Identifier: MIT
// The variants that a study file asks for, as changes of the base experiment.
#pragma once

#include <string>
#include <vector>

#include "experiments/config/yaml_value.h"

namespace kickdrum {

struct Change {
    std::string key;                   // "training.optimizer.adam.learning_rate"
    std::string value;                 // YAML on one line
    const YamlValue* place = nullptr;  // in the study file
};

struct VariantSpec {
    std::string name;
    std::string base;  // another experiment file than the study's; empty: none
    std::vector<Change> changes;
    std::vector<std::string> ensemble;  // names of the variants whose mean it is, instead of all above
    const YamlValue* place = nullptr;   // in the study file
};

// From the keys `variants`, `grid` and `random` of a study: the list, each with every point of the grid or
// every draw. Without any of them: one variant, the base. Mistakes go to `problems`. `root` must outlive what
// comes back.
std::vector<VariantSpec> list_variants(const YamlValue& root, Problems& problems);

// YAML on one line that parse_yaml reads as the same value.
std::string inline_yaml(const YamlValue& value);

}  // namespace kickdrum
