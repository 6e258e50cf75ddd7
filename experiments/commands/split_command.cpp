// SPDX-License-Identifier: MIT
// kickdrum split: the group-stratified split by itself.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <array>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "experiments/commands/all_commands.h"
#include "experiments/commands/label_options.h"
#include "experiments/commands/program.h"
#include "experiments/data/labels.h"
#include "experiments/data/split.h"
#include "experiments/files.h"
#include "experiments/runs/result_files.h"

namespace kickdrum {
namespace {

struct SplitOptions {
    CommonOptions common;
    LabelOptions labels;
    std::optional<std::int64_t> seed;
};

// The table and the way to split it.
std::pair<DataConfig, SplitConfig> settings(const SplitOptions& options) {
    ExperimentConfig config = label_config(options.labels, options.common);
    config.data.audio.clear();  // not needed here, and it may be elsewhere
    if (options.seed) config.split.seeds = {static_cast<std::uint32_t>(*options.seed)};
    return {std::move(config.data), std::move(config.split)};
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

ExitCode split(const SplitOptions& options) {
    require_argument("split", "a label table (CSV) or an experiment file", !options.labels.file.empty());
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
    const Split parts = make_split(table, config, config.seeds.at(0));
    for (const auto& warning : split_warnings(table, parts)) std::cerr << "warning: " << warning << '\n';

    const std::string csv = split_csv(rows_of(table, parts), table.classes, table.sets);
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
    add_label_options(app, options->labels);
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
