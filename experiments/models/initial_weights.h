// SPDX-License-Identifier: MIT
// What training starts from where an experiment says `init_from`.
#pragma once

#include <string>
#include <vector>

#include "experiments/config/experiment_config.h"
#include "experiments/models/model_file.h"

namespace kickdrum {

struct InitialWeights {
    std::vector<NamedWeights> weights;  // of the chosen layers; the others begin as their initialisers say
    std::string identity;               // changes with the file's content
    std::string origin;                 // for the provenance of the model that is trained
    std::vector<std::string> warnings;
};

// Reads config.transfer.init_from. `classes`: those of the data. Throws UserError (exit code 3) where the file
// can't be used: a layer is missing, has another shape (both are named), or its classes are others than the
// data's and the last layer isn't replaced. Nothing without init_from.
InitialWeights read_initial_weights(const ExperimentConfig& config, const std::vector<std::string>& classes);

// The keys of the block `features` in which the two differ.
std::vector<std::string> different_features(FeatureConfig a, FeatureConfig b);

}  // namespace kickdrum
