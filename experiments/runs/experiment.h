// SPDX-License-Identifier: MIT
// The main job: features, N training runs, statistics, report.
#pragma once

#include <filesystem>
#include <string>

#include "experiments/config/experiment_config.h"
#include "experiments/diagnostics.h"

namespace kickdrum {

// What is written for other programs, beside the results folder.
struct Exports {
    bool tensorboard = false;      // an event file in each run's folder
    std::filesystem::path mlflow;  // a file store; empty: none
};

struct RunOptions {
    std::filesystem::path out;    // results folder
    std::filesystem::path cache;  // feature cache
    bool force = false;           // may replace an existing results folder
    bool quiet = false;           // no progress, only the result
    bool json = false;            // summary.json on stdout at the end, everything else on stderr
    int threads = 0;              // 0: one per processor
    std::string command;          // as typed, for environment.json and the report
    bool resume = false;          // `out` holds what an earlier call left
    bool part_of_study = false;   // one line at the end instead of all tables
    bool log_to_stderr = false;
    Exports exports;  // for other programs
};

// Runs the experiment and leaves the results folder. Returns done, or interrupted after Ctrl-C (what was
// computed is saved). Throws UserError for what the user can mend.
ExitCode run_experiment(const ExperimentConfig& config, const RunOptions& options);

// Goes on with the experiment of the results folder options.out, wherever it was stopped: what it gives then
// is what it would have given without the stop, but for times. Nothing is trained where it is done already.
// Throws UserError where the folder isn't one, is in use, or its data has changed.
ExitCode resume_experiment(RunOptions options);

}  // namespace kickdrum
