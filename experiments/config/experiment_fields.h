// SPDX-License-Identifier: MIT
// The keys of the experiment file, block by block, with types, ranges and defaults (those of
// ExperimentConfig).
#pragma once

#include <vector>

#include "experiments/config/experiment_config.h"
#include "experiments/config/fields.h"

namespace kickdrum {

// What stands in the file beside ExperimentConfig's values.
struct FileOnlyValues {
    std::map<std::string, double> class_weights;  // by class name
};

void experiment_fields(Fields& fields, ExperimentConfig& config, FileOnlyValues& other);
void feature_fields(Fields& fields, FeatureConfig& features);
void training_fields(Fields& fields, ExperimentConfig& config, FileOnlyValues& other);
void baseline_fields(Fields& fields, ExperimentConfig& config);
// The names of figures that `published` may hold.
std::vector<std::string> published_metrics();
// Every type of layer, for an element of a `model:` list.
std::vector<Alternative> layer_alternatives(LayerSpec& layer);

}  // namespace kickdrum
