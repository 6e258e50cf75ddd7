// SPDX-License-Identifier: MIT
// The reading half of results_folder.h.
#include <fmt/format.h>

#include <algorithm>

#include "experiments/diagnostics.h"
#include "experiments/files.h"
#include "experiments/runs/result_files.h"
#include "experiments/runs/results_folder.h"

namespace kickdrum {
namespace fs = std::filesystem;
namespace {

// What can't be there yet may be missing: an empty text then.
std::string read_if_there(const fs::path& file) {
    return fs::exists(file) ? read_file(file) : std::string();
}

// The predictions of a part decide its scores; the loss stays as it was computed.
void read_part(PartResult& part, const fs::path& file, std::span<const std::string> classes, bool sets) {
    part.predictions = read_predictions(read_file(file), classes, file.string(), sets);
    part.scores = scores_of(part.predictions, classes.size(), sets);
}

RunResult read_run(const fs::path& folder, std::span<const std::string> classes, bool sets) {
    RunResult run =
        read_metrics(read_file(folder / "metrics.json"), classes, (folder / "metrics.json").string());
    run.history = read_history(read_file(folder / "history.csv"), (folder / "history.csv").string());
    // Folders of earlier versions have none.
    if (fs::exists(folder / "predictions_train.csv"))
        read_part(run.train, folder / "predictions_train.csv", classes, sets);
    read_part(run.val, folder / "predictions_val.csv", classes, sets);
    read_part(run.test, folder / "predictions_test.csv", classes, sets);
    return run;
}

void read_splits(Results& results) {
    const auto& seeds = results.study.split_seeds;
    for (const std::uint32_t seed : seeds) {
        const fs::path file =
            results.folder / (seeds.size() > 1 ? fmt::format("split-{}.csv", seed) : "split.csv");
        SplitTable& split = results.splits.emplace_back();
        split.seed = seed;
        const std::string text = read_if_there(file);
        if (!text.empty())
            split.rows = read_split(text, results.study.classes, file.string(), results.study.sets);
    }
}

void read_runs(Results& results) {
    for (int run = 1; run <= results.study.runs; ++run) {
        const fs::path folder = results.folder / "runs" / fmt::format("{:02}", run);
        if (fs::exists(folder / "metrics.json")) {
            results.runs.push_back(read_run(folder, results.study.classes, results.study.sets));
        } else if (fs::exists(folder / "history.csv")) {
            const fs::path file = folder / "history.csv";
            results.unfinished.push_back(
                {.run = run, .history = read_history(read_file(file), file.string())});
        }
    }
}

}  // namespace

Results load_results(const fs::path& folder) {
    const fs::path state_file = folder / "state.json";
    if (!fs::exists(state_file)) {
        throw UserError(
            ExitCode::usage,
            fmt::format("'{}' isn't a results folder: there is no state.json in it", folder.string()));
    }
    Results results;
    results.folder = folder;
    State state = read_state(read_file(state_file), state_file.string());
    results.study = std::move(state.study);
    results.status = state.status;
    // Who holds the lock lives; who doesn't was killed before it could say so.
    if (results.status == StudyStatus::running && !FolderLock::held(folder)) {
        results.status = StudyStatus::interrupted;
    }
    results.resolved_yaml = read_if_there(folder / "resolved.yaml");
    try {
        const std::string environment = read_if_there(folder / "environment.json");
        if (!environment.empty()) results.environment = environment_from_json(environment);
        read_splits(results);
        read_runs(results);
    } catch (const UserError& error) {
        throw with_other_version(error, state.version);
    }
    return results;
}

Summary summarize(const Results& results) {
    Summary summary = summarize(results.study.name, results.study.classes, results.runs,
                                results.study.published, results.study.published_source);
    summary.leaky_protocol = results.study.leaky_protocol;
    return summary;
}

}  // namespace kickdrum
