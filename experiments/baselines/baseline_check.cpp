// SPDX-License-Identifier: MIT
#include "experiments/baselines/baseline_check.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>

#include "experiments/baselines/baseline_data.h"
#include "experiments/baselines/classifier.h"
#include "experiments/baselines/folds.h"
#include "experiments/data/labels.h"
#include "experiments/data/split.h"
#include "experiments/diagnostics.h"
#include "experiments/runs/experiment_data.h"
#include "experiments/runs/interrupt.h"
#include "experiments/runs/progress.h"

namespace kickdrum {
namespace {

std::vector<Split> splits_of(const ExperimentConfig& config, const BaselineSpec& spec,
                             const ClipTable& table) {
    if (spec.leaky()) return {published_split(table, config.split.seeds.front())};
    Problems problems;
    check_groups(table, config.split, problems);
    problems.throw_if_any(ExitCode::data);
    return make_splits(config, table);
}

}  // namespace

BaselineCheck check_baseline(const ExperimentConfig& config, const CheckOptions& options,
                             Progress& progress) {
    const InterruptGuard interrupt;
    const BaselineSpec& spec = *config.chosen_baseline();
    const auto fitted = fitted_baselines(config);
    std::vector<std::string> libraries;
    for (const auto* one : fitted) {
        const std::string library = require_library(one->kind);
        if (!library.empty()) libraries.push_back(library);
    }
    progress.stage("Features");
    const BaselineData data = load_baseline_data(config, fitted, read_labels(config.data),
                                                 {.cache = options.cache, .threads = options.threads},
                                                 [&](std::int64_t done, std::int64_t total) {
                                                     progress.stage_progress(done, total);
                                                     return !interrupt.interrupted();
                                                 });
    if (data.stopped) return {.text = {}, .json = {}, .interrupted = true};
    progress.stage_done(fmt::format("{} clips", data.table.clips.size()));
    for (const auto& warning : data.warnings) progress.warning(warning);
    for (const auto& skipped : data.skipped) progress.warning("left out: " + skipped.reason);

    nlohmann::ordered_json json{
        {"baseline", spec.name},  {"kind", to_string(spec.kind)},     {"protocol", to_string(spec.protocol)},
        {"libraries", libraries}, {"clips", data.table.clips.size()}, {"runs", config.runs}};
    std::string text = fmt::format(
        "Baseline '{}': {}{}\n{} clips in {} classes, {} {}\n", spec.name, to_string(spec.kind),
        libraries.empty() ? "" : fmt::format(", by {}", fmt::join(libraries, ", ")), data.table.clips.size(),
        data.table.classes.size(), config.runs, config.runs == 1 ? "run" : "runs");
    for (const auto& [source, columns] : data.features) {
        json["features"][source] = columns.names.size();
        text += fmt::format("{} features: {}\n", columns.names.size(), source);
    }
    for (const auto& split : splits_of(config, spec, data.table)) {
        const auto train = clips_of(split, Part::train).size();
        const auto val = clips_of(split, Part::val).size();
        const auto test = clips_of(split, Part::test).size();
        json["splits"].push_back({{"seed", split.seed}, {"train", train}, {"val", val}, {"test", test}});
        text += fmt::format("Split with seed {}: {} clips to train on, {} to validate, {} to test\n",
                            split.seed, train, val, test);
    }
    if (spec.leaky()) text += "Leaky: the published protocol puts clips of one track on both sides\n";
    return {.text = text, .json = json.dump(2) + '\n', .interrupted = false};
}

}  // namespace kickdrum
