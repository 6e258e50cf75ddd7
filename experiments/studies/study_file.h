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

// A name as that of a folder: letters, digits, '.', '_' and '-', not too many.
std::string folder_name(const std::string& name);

// Whether the file's first level has the key `study`. A file that can't be read isn't one.
bool is_study_file(const std::filesystem::path& file);

struct Variant {
    std::string name;              // "n_mels=256, class_weights=none"
    std::string folder;            // the name as that of a folder; unique
    std::vector<std::string> set;  // what differs from its base: "features.n_mels=256"
    ExperimentConfig config;       // read and checked, with the study's runs, seeds and splits
    std::vector<std::string>
        ensemble;  // names of earlier variants: it's the mean of them, and trains nothing
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

    int runs() const;                                       // that train, of all variants in full
    const Variant* find(const std::string& variant) const;  // by name; null where there is none
};

// Reads the file and every variant; `overrides` (--set) apply to all of them. Throws one UserError with all
// mistakes of all variants, each once.
StudyPlan read_study(const std::filesystem::path& file, const std::vector<std::string>& overrides);

}  // namespace kickdrum
