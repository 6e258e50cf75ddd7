// SPDX-License-Identifier: MIT
#include "experiments/commands/label_options.h"

#include <fmt/format.h>

#include <filesystem>

#include "experiments/config/read_experiment.h"
#include "experiments/diagnostics.h"

namespace kickdrum {
namespace fs = std::filesystem;

bool is_experiment_file(const std::string& file) {
    const fs::path extension = fs::path(file).extension();
    return extension == ".yaml" || extension == ".yml";
}

void add_label_options(CLI::App& app, LabelOptions& options, const std::string& argument) {
    add_argument(app, argument, options.file, "The label table, or an experiment file (.yaml)");
    add_text_option(app, "--classes", options.classes, "A,B,C",
                    "0/1 columns, or the names that count in --label");
    add_text_option(app, "--label", options.label, "COLUMN", "One column with the names of the classes");
    add_text_option(app, "--id", options.id, "COLUMN", "The clip's name (default: sample_id)");
    add_text_option(app, "--group", options.group, "COLUMN",
                    "Rows of one group stay in one part (default: spot_id)");
    add_choice_option(
        app, "--keep", options.keep, {"exactly_one", "any", "all"},
        "Which rows count: those with exactly one of the classes (default), with one or several "
        "(any), or with any number of them, also none (all)");
}

void add_audio_option(CLI::App& app, LabelOptions& options) {
    add_text_option(app, "--audio", options.audio, "DIR", "The folder with the clips, <id>.<extension>");
}

ExperimentConfig label_config(const LabelOptions& options, const CommonOptions& common) {
    ExperimentConfig config;
    if (is_experiment_file(options.file)) {
        config = read_experiment(options.file, common.overrides());
    } else {
        if (!common.set.empty()) {
            throw UserError(
                ExitCode::usage,
                "--set replaces keys of an experiment file, and none is given; the other options say "
                "what is in a label table");
        }
        config.data.labels = options.file;
    }
    DataConfig& data = config.data;
    if (!options.audio.empty()) data.audio = options.audio;
    if (!options.id.empty()) data.id = options.id;
    if (!options.group.empty()) data.group = options.group;
    if (!options.classes.empty()) data.classes = split_at_commas(options.classes);
    if (!options.label.empty()) data.label = options.label;
    if (!options.keep.empty()) {
        data.keep = options.keep == "any"   ? KeepRows::any
                    : options.keep == "all" ? KeepRows::all
                                            : KeepRows::exactly_one;
    }
    return config;
}

void refuse_to_overwrite(const CommonOptions& options) {
    if (options.out.empty() || options.force || !fs::exists(options.out)) return;
    throw UserError(ExitCode::usage, fmt::format("'{}' exists; --force replaces it", options.out));
}

}  // namespace kickdrum
