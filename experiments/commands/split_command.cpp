// SPDX-License-Identifier: MIT
// kickdrum split: the group-stratified split by itself.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <array>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "experiments/commands/all_commands.h"
#include "experiments/commands/options.h"
#include "experiments/commands/program.h"
#include "experiments/config/read_experiment.h"
#include "experiments/data/labels.h"
#include "experiments/data/split.h"
#include "experiments/files.h"
#include "experiments/runs/result_files.h"

namespace kickdrum {
namespace fs = std::filesystem;
namespace {

struct SplitOptions {
    CommonOptions common;
    std::string file;
    std::string id;
    std::string group;
    std::string classes;
    std::string label;
    std::string keep;
    std::optional<std::int64_t> seed;
};

bool is_experiment(const fs::path& file) {
    return file.extension() == ".yaml" || file.extension() == ".yml";
}

// The table and the way to split it: from the experiment file, or the defaults; options replace what they
// name.
std::pair<DataConfig, SplitConfig> settings(const SplitOptions& options) {
    std::pair<DataConfig, SplitConfig> result;
    auto& [data, split] = result;
    if (is_experiment(options.file)) {
        ExperimentConfig config = read_experiment(options.file, options.common.overrides());
        data = std::move(config.data);
        split = std::move(config.split);
    } else {
        if (!options.common.set.empty()) {
            throw UserError(
                ExitCode::usage,
                "--set replaces keys of an experiment file, and none is given; use --id, --group, "
                "--classes, --label and --seed for a label table");
        }
        data.labels = options.file;
    }
    data.audio.clear();  // not needed here, and it may be elsewhere
    if (!options.id.empty()) data.id = options.id;
    if (!options.group.empty()) data.group = options.group;
    if (!options.classes.empty()) data.classes = split_at_commas(options.classes);
    if (!options.label.empty()) data.label = options.label;
    if (options.seed) split.seeds = {static_cast<std::uint32_t>(*options.seed)};
    return result;
}

std::vector<SplitRow> rows_of(const ClipTable& table, const Split& split) {
    std::vector<SplitRow> rows;
    for (std::size_t i = 0; i < table.clips.size(); ++i) {
        const Clip& clip = table.clips[i];
        rows.push_back(
            {.sample_id = clip.id, .group = clip.group, .label = clip.label, .part = split.parts[i]});
    }
    return rows;
}

std::array<int, 3> clips_by_part(const Split& split) {
    std::array<int, 3> clips{};
    for (const auto part : split.parts) ++clips[static_cast<std::size_t>(part)];
    return clips;
}

std::string as_json(const Split& split, const std::string& out) {
    const auto clips = clips_by_part(split);
    const nlohmann::ordered_json json{
        {"seed", split.seed}, {"train", clips[0]}, {"val", clips[1]}, {"test", clips[2]}, {"file", out}};
    return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + '\n';
}

void refuse_to_overwrite(const CommonOptions& options) {
    if (options.out.empty() || options.force || !fs::exists(options.out)) return;
    throw UserError(ExitCode::usage, fmt::format("'{}' exists; --force replaces it", options.out));
}

ExitCode split(const SplitOptions& options) {
    require_argument("split", "a label table (CSV) or an experiment file", !options.file.empty());
    const auto [data, config] = settings(options);
    if (config.seeds.size() > 1) {
        throw UserError(ExitCode::usage, "the experiment has a split for each run; choose one with --seed");
    }
    refuse_to_overwrite(options.common);
    const ClipTable table = read_labels(data);
    if (table.classes.empty()) {
        throw UserError(
            ExitCode::usage,
            "a stratified split needs classes: --classes a,b,c for 0/1 columns, or --label COLUMN");
    }
    const Split parts = group_stratified_split(table, config, config.seeds.at(0));
    for (const auto& warning : split_warnings(table, parts)) std::cerr << "warning: " << warning << '\n';

    const std::string csv = split_csv(rows_of(table, parts), table.classes);
    if (options.common.out.empty()) {
        print(options.common.json ? as_json(parts, "") : csv);
        return ExitCode::done;
    }
    write_file_atomically(options.common.out, csv);
    if (options.common.json) {
        print(as_json(parts, options.common.out));
    } else if (!options.common.quiet) {
        const auto clips = clips_by_part(parts);
        print(fmt::format("{}: {} clips to train, {} to validate, {} to test\n", options.common.out, clips[0],
                          clips[1], clips[2]));
    }
    return ExitCode::done;
}

Work declare(CLI::App& app) {
    const auto options = std::make_shared<SplitOptions>();
    add_argument(app, "LABELS.csv", options->file, "The label table, or an experiment file (.yaml)");
    add_text_option(app, "--classes", options->classes, "A,B,C",
                    "0/1 columns, or the names that count in --label");
    add_text_option(app, "--label", options->label, "COLUMN", "One column with the names of the classes");
    add_text_option(app, "--id", options->id, "COLUMN", "The clip's name (default: sample_id)");
    add_text_option(app, "--group", options->group, "COLUMN",
                    "Rows of one group stay in one part (default: spot_id)");
    add_choice_option(app, "--keep", options->keep, {"exactly_one"},
                      "Which rows count: those with exactly one of the classes (default)");
    app.add_option_function<std::string>(
           "--seed",
           [options](const std::string& text) {
               options->seed = parse_integer("--seed", text, 0, UINT32_MAX);
           },
           "Another seed, another split (default: 42, or as the experiment file says)")
        ->type_name("N")
        ->take_last();
    add_set_option(app, options->common);
    add_out_option(app, options->common, "FILE", "Where to write the split (default: print it)");
    add_force_option(app, options->common, "Replace an existing file");
    add_quiet_option(app, options->common);
    add_json_option(app, options->common, "Print the number of clips by part as one JSON document");
    return [options](const std::string&) { return split(*options); };
}

}  // namespace

Command split_command() {
    return {.name = "split",
            .summary = "Split a label table into train, val and test by group",
            .arguments = "LABELS.csv",
            .description =
                "Writes the group-stratified split of a label table (sample_id,group,label,part) as\n"
                "'kickdrum run' makes it: as scikit-learn's StratifiedGroupKFold does, with all rows of\n"
                "a group in one part.",
            .example = "  kickdrum split labels.csv --classes bouncy,industrial --seed 42 --out split.csv",
            .declare = declare};
}

}  // namespace kickdrum
