// SPDX-License-Identifier: MIT
// The experiment file (docs/experiment_file.md), read and checked as a whole before anything runs.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "experiments/config/experiment_config.h"

namespace kickdrum {

// Reads the file, then applies `overrides` ("training.batch_size=32", as given to --set; list elements by
// index from 0: "model.7.dense.units=64"; "key=null" takes a key away, so that its default holds). Relative
// paths are relative to the file, those of an override to the working directory; in the result they are
// absolute. Throws one UserError with every mistake found: ExitCode::usage, or ExitCode::environment when all
// that is wrong is `device: cuda` in a build, or on a computer, without it; that isn't asked where the
// experiment is meant for another computer.
enum class MeantFor { this_computer, another };
ExperimentConfig read_experiment(const std::filesystem::path& file,
                                 const std::vector<std::string>& overrides = {},
                                 MeantFor computer = MeantFor::this_computer);

// The block `features` by itself: the defaults with `overrides`, which may name keys of `features` only.
// Throws as read_experiment does.
FeatureConfig read_features(const std::vector<std::string>& overrides);

}  // namespace kickdrum
