// SPDX-License-Identifier: MIT
// What every kind of experiment does alike before its runs and after them: networks, baselines, and those
// that consist of several experiments.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "experiments/runs/experiment.h"
#include "experiments/runs/progress.h"
#include "experiments/runs/study_recorder.h"

namespace kickdrum {

// Whether stdout is kept for a JSON document, of this experiment or of the one that it's a part of.
bool logs_to_stderr(const RunOptions& options);

// Old results are replaced only where there are some.
FolderUse folder_use(const RunOptions& options);

// "'kickdrum resume results/demo' goes on"
std::string how_to_resume(const std::filesystem::path& folder);

// The numbers, from 1, of the runs that have no results yet.
std::vector<int> waiting_runs(const Results& results, int runs);

// The end where runs are missing: says how to go on. Returns interrupted.
ExitCode end_interrupted(StudyRecorder& recorder, Progress& progress);
// The end where all runs are there: exports, summary, report. Returns done.
ExitCode end_done(StudyRecorder& recorder, Progress& progress, const RunOptions& options);

}  // namespace kickdrum
