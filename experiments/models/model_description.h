// SPDX-License-Identifier: MIT
// All of a model file but its weights and facts, as text: the words of an experiment file, so that nothing
// is described twice.
#pragma once

#include <string>

#include "experiments/models/model_file.h"

namespace kickdrum {

// YAML: classes, clip [height, width, channels], features, input_frames, test_rolls, model.
std::string describe(const ModelFile& model);

// Fills all of that. Throws InvalidArgument with the first mistake.
void read_description(const std::string& text, ModelFile& model);

}  // namespace kickdrum
