// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "experiments/models/model_file.h"

namespace kickdrum {

// Makes the model say what it hears. One of another program doesn't: then `set` (features.key=value) says it,
// from Kickdrum's defaults. One that does must not be asked for anything else. Throws UserError where they
// disagree, where the network's inputs have another shape, or where it sees pictures instead of sound.
void complete_features(ModelFile& model, const std::string& file, const std::vector<std::string>& set);

}  // namespace kickdrum
