// SPDX-License-Identifier: MIT
// Where the data of an experiment lies.
#pragma once

#include <filesystem>

#include "experiments/config/experiment_config.h"
#include "experiments/config/yaml_value.h"

namespace kickdrum {

// Makes data.labels, data.audio or data.images, init_from and the files of baselines absolute: puts in
// ${KICKDRUM_REFERENCE_DATA}; a
// relative path is relative to `folder` (the experiment file's), or to the working directory if it was given
// to --set.
void resolve_data_paths(const YamlValue& root, const std::filesystem::path& folder, ExperimentConfig& config,
                        Problems& problems);

}  // namespace kickdrum
