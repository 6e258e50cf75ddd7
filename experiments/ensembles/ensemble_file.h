// SPDX-License-Identifier: MIT
// An ensemble file: experiments whose probabilities are averaged (docs/recipes.md).
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "experiments/config/experiment_config.h"

namespace kickdrum {

// Whether the file's first level has the key `ensemble`. A file that can't be read isn't one.
bool is_ensemble_file(const std::filesystem::path& file);

struct EnsembleMember {
    std::string name;
    std::string folder;  // the name as that of a folder; unique
    ExperimentConfig config;
};

struct EnsemblePlan {
    std::string name;
    std::filesystem::path file;
    std::string text;
    std::vector<EnsembleMember> members;  // two or more
};

// Reads the file and every member; `overrides` (--set) apply to all of them. Throws one UserError with all
// mistakes of all members, also where they don't agree in classes, runs or splits.
EnsemblePlan read_ensemble(const std::filesystem::path& file, const std::vector<std::string>& overrides);

}  // namespace kickdrum
