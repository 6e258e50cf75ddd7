// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "experiments/config/experiment_config.h"
#include "experiments/config/yaml_value.h"

namespace kickdrum {

// The names of the network's outermost layers, in order: "conv2d_1", "max_pool2d_1", ...
std::vector<std::string> layer_names(const ModelSpec& model);
// Whether a layer of this kind has weights.
bool has_weights(const LayerSpec& layer);

// Checks `transfer` against the network, turns numbers of layers into their names, and fills in what
// training.layers follows from.
void check_transfer(const YamlValue& root, ExperimentConfig& config, Problems& problems);

}  // namespace kickdrum
