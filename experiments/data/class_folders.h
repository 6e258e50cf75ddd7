// SPDX-License-Identifier: MIT
#pragma once

#include "experiments/config/experiment_config.h"
#include "experiments/data/dataset.h"

namespace kickdrum {

// The clips of config.audio, in which each class has a folder of its name: config.classes, or all folders
// with audio, sorted by their bytes. Files may lie in folders within. A clip's id is its file's name without
// extension, or, where another clip has the same, its path without extension, with '_' between the folders;
// its group follows from config.group_pattern, or is the clip alone. Throws one UserError (exit 3) with all
// that is wrong.
ClipTable read_class_folders(const DataConfig& config);

}  // namespace kickdrum
