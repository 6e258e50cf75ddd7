// SPDX-License-Identifier: MIT
#include "experiments/runs/experiment_steps.h"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>

#include "experiments/export/mlflow.h"
#include "experiments/report/score_text.h"
#include "experiments/runs/environment.h"

namespace kickdrum {
namespace fs = std::filesystem;

bool logs_to_stderr(const RunOptions& options) {
    return options.json || options.log_to_stderr;
}

FolderUse folder_use(const RunOptions& options) {
    if (options.resume) return FolderUse::resume;
    std::error_code error;
    const bool empty = !fs::exists(options.out, error) || fs::is_empty(options.out, error);
    return options.force && !empty ? FolderUse::replace : FolderUse::fresh;
}

std::string how_to_resume(const fs::path& folder) {
    return fmt::format("'{}' goes on", join_command({"kickdrum", "resume", folder.string()}));
}

std::vector<int> waiting_runs(const Results& results, int runs) {
    std::vector<int> waiting;
    for (int run = 1; run <= runs; ++run) {
        if (std::ranges::find(results.runs, run, &RunResult::run) == results.runs.end())
            waiting.push_back(run);
    }
    return waiting;
}

ExitCode end_interrupted(StudyRecorder& recorder, Progress& progress) {
    recorder.finish(StudyStatus::interrupted);
    const Results& results = recorder.results();
    progress.interrupted(fmt::format("{} of {} runs are finished and saved in {}; {}", results.runs.size(),
                                     results.study.runs, results.folder.string(),
                                     how_to_resume(results.folder)));
    return ExitCode::interrupted;
}

ExitCode end_done(StudyRecorder& recorder, Progress& progress, const RunOptions& options) {
    const Results& results = recorder.results();
    if (!options.exports.mlflow.empty()) write_mlflow(options.exports.mlflow, results);
    recorder.finish(StudyStatus::done);
    const Summary summary = summarize(results);
    if (options.part_of_study) {
        progress.note(fmt::format("Test F1 {}   {}", mean_with_interval(summary, "test.weighted_f1"),
                                  recorder.report_path().string()));
        return ExitCode::done;
    }
    progress.finished(results, summary, recorder.report_path());
    if (options.json) std::cout << to_json(summary) << std::flush;
    return ExitCode::done;
}

}  // namespace kickdrum
