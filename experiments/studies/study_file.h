// SPDX-License-Identifier: MIT
// A study file: a base experiment and its variants, which share seeds and splits so that their runs can be
// paired (docs/studies.md).
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "experiments/config/experiment_config.h"

namespace kickdrum {

// The keys of a study's first level.
const std::vector<std::string>& study_keys();

// Whether the file's first level has the key `study`. A file that can't be read isn't one.
bool is_study_file(const std::filesystem::path& file);

struct Variant {
    std::string name;              // "n_mels=256, class_weights=none"
    std::string folder;            // the name as that of a folder; unique
    std::vector<std::string> set;  // what differs from its base: "features.n_mels=256"
    ExperimentConfig config;       // read and checked, with the study's runs, seeds and splits
};

// Successive halving: in each round every variant that is left trains `runs` runs of so many epochs, and the
// better part by validation stays. Those left at the end train in full.
struct Halving {
    std::vector<int> epochs;  // of each round; empty: no halving
    double keep = 0.5;
    int runs = 1;
};

struct StudyPlan {
    std::string name;
    std::filesystem::path file;
    std::string text;
    std::vector<Variant> variants;  // the first is what the others are compared with
    Halving halving;

    int runs() const;  // of all variants in full
};

// Reads the file and every variant; `overrides` (--set) apply to all of them. Throws one UserError with all
// mistakes of all variants, each once.
StudyPlan read_study(const std::filesystem::path& file, const std::vector<std::string>& overrides);

}  // namespace kickdrum
