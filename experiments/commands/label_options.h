// SPDX-License-Identifier: MIT
// Where a command finds its clips: a label table (CSV) and options that say what is in it, or an experiment
// file
// (.yaml), whose `data` block says so; options replace what they name.
#pragma once

#include <string>

#include "experiments/commands/options.h"
#include "experiments/config/experiment_config.h"

namespace kickdrum {

struct LabelOptions {
    std::string file;  // LABELS.csv or EXPERIMENT.yaml
    std::string audio;
    std::string id;
    std::string group;
    std::string classes;
    std::string label;
    std::string keep;
};

bool is_experiment_file(const std::string& file);

// The argument, and --classes, --label, --id, --group, --keep.
void add_label_options(CLI::App& app, LabelOptions& options, const std::string& argument = "LABELS.csv");
void add_audio_option(CLI::App& app, LabelOptions& options);

// The experiment file with the options in place, or, for a label table, the defaults with them. Throws
// UserError where the file is wrong, or where keys are to be replaced and there is no file that has them.
ExperimentConfig label_config(const LabelOptions& options, const CommonOptions& common);

// Throws UserError where the file that --out names exists and may not be replaced.
void refuse_to_overwrite(const CommonOptions& options);

}  // namespace kickdrum
