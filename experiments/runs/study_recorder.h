// SPDX-License-Identifier: MIT
// What an experiment leaves and shows while its runs train: kept in memory, written to the results folder,
// put into the report, said on the terminal. Runs that train at the same time report from their own threads;
// one at a time gets in. Whatever the order in which they end, summary and report have them by number.
#pragma once

#include <filesystem>
#include <map>
#include <mutex>
#include <string>

#include "experiments/config/experiment_config.h"
#include "experiments/export/tensorboard.h"
#include "experiments/runs/progress.h"
#include "experiments/runs/results_folder.h"
#include "experiments/runs/stopwatch.h"
#include "experiments/runs/training_run.h"

namespace kickdrum {

class StudyRecorder {
 public:
    // Makes or opens the folder and writes what is known before the data: `results` without splits; with runs
    // where they were finished before. `config` and `progress` must outlive the recorder.
    StudyRecorder(const ExperimentConfig& config, Results results, FolderUse use, Progress& progress);

    // What the data adds: `results` again, with splits, the clips that were skipped, and leaks
    // where they were looked for.
    void write_data(const ClipTable& table, const std::vector<Split>& splits,
                    std::vector<SkippedClip> skipped, std::optional<LeakCheck> leaks);
    // From now on: an event file in each run's folder.
    void log_for_tensorboard() { tensorboard_ = true; }
    // Before the first run: leaves no trace of the folder.
    void discard() { folder_.discard(); }

    // `history`: the epochs that it goes on from.
    void run_started(int run, const std::vector<EpochRecord>& history);
    std::filesystem::path checkpoint_folder(int run) const { return folder_.checkpoint_folder(run); }
    // What a person should know, but can go on with.
    void warn(const std::string& message);
    // For the live line only: left out where another run is reporting.
    void step_done(int run, std::int64_t done, std::int64_t total);
    // The run so far.
    void epoch_done(const RunResult& so_far);
    void run_finished(TrainingRunOutcome outcome);

    // The last words in the folder. With `failed` they must not hide the error that led there: nothing is
    // thrown.
    void finish(StudyStatus status, const std::string& message = {});

    // Not while runs train.
    const Results& results() const { return results_; }
    std::filesystem::path report_path() const { return folder_.report_path(); }

 private:
    void write_report();

    const ExperimentConfig& config_;
    Progress& progress_;
    std::mutex mutex_;  // of all below, and of progress_
    Results results_;
    ResultsFolder folder_;
    Stopwatch since_report_;
    double recording_seconds_ = 0;  // what files and reports have taken; the last line of log.jsonl says it
    bool tensorboard_ = false;
    std::map<int, TensorboardLog> event_files_;  // of the runs under way
};

}  // namespace kickdrum
