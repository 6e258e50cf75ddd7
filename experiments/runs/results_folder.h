// SPDX-License-Identifier: MIT
// The folder that an experiment leaves behind:
//   experiment.yaml  resolved.yaml  environment.json  state.json  split.csv (split-<seed>.csv where it
//   changes with the run)  runs/NN/{history.csv, metrics.json, predictions_{train,val,test}.csv,
//   model.safetensors, model.h5 where asked} summary.json  summary.md  report.html  log.jsonl
// Files are written under a temporary name and renamed: a reader never sees half a file. Only log.jsonl grows
// by lines.
//
// One process at a time: the folder is locked (flock on .lock) while an object of this class lives.
// Errors are UserErrors: exit code 2 for a folder that is in the way, 1 for one that is in use or can't be
// written.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "experiments/data/dataset.h"
#include "experiments/runs/environment.h"
#include "experiments/runs/folder_lock.h"
#include "experiments/runs/results.h"
#include "experiments/runs/run_result.h"
#include "experiments/runs/summary.h"

namespace kickdrum {

using LogValue = std::variant<std::int64_t, double, bool, std::string>;
using LogFields = std::vector<std::pair<std::string, LogValue>>;

// Throws UserError (exit code 2) where ResultsFolder would refuse the folder: to be asked before hours of
// work.
void require_free_results_folder(const std::filesystem::path& folder, bool force);

// What may be in a results folder that is opened for writing.
enum class FolderUse : std::uint8_t {
    fresh,    // nothing
    replace,  // also results: the files that Kickdrum wrote are removed, and no others
    resume    // results, which stay; what a killed process left half-written is removed
};

class ResultsFolder {
 public:
    // Creates the folder and locks it. A folder with anything else in it is refused.
    explicit ResultsFolder(std::filesystem::path folder, FolderUse use = FolderUse::fresh);
    ~ResultsFolder();
    ResultsFolder(const ResultsFolder&) = delete;
    ResultsFolder& operator=(const ResultsFolder&) = delete;

    const std::filesystem::path& path() const { return folder_; }
    std::filesystem::path report_path() const { return folder_ / "report.html"; }
    std::filesystem::path run_folder(int run) const;         // runs/01 for run 1; made when it isn't there
    std::filesystem::path model_path(int run) const;         // runs/01/model.safetensors
    std::filesystem::path checkpoint_folder(int run) const;  // runs/01/checkpoint, perhaps not there

    // Before the first run. write_study also sets the status to running.
    void write_experiment(std::string_view text);
    void write_resolved(std::string_view text);
    void write_environment(const Environment& environment);
    void write_study(const Study& study);
    // split-<seed>.csv where the study has several split seeds, else split.csv. Call after write_study. Where
    // the file is there with another content, a UserError (exit code 3) says that the data has changed.
    void write_split(const ClipTable& table, const Split& split);

    // Per run; several may be under way. append_epoch keeps the file complete after every epoch; a run's
    // first epoch starts a new file.
    void append_epoch(int run, const EpochRecord& record);
    // The epochs that a run begins with, where it goes on from a checkpoint.
    void begin_history(int run, std::vector<EpochRecord> history);
    // history.csv, metrics.json and the predictions; the run's checkpoints go.
    void write_run(const RunResult& result);
    // Takes away what was written, so that the folder is as if nothing had been begun.
    void discard();

    // At the end.
    void write_summary(const Summary& summary);  // summary.json and summary.md
    void write_report(std::string_view html);
    void set_status(StudyStatus status);

    // One line of log.jsonl: {"time": "...", "event": event, fields...}, flushed.
    void log(std::string_view event, const LogFields& fields = {});

 private:
    std::filesystem::path folder_;
    bool made_parent_ = false;
    std::unique_ptr<FolderLock> lock_;
    int log_ = -1;  // file descriptor of log.jsonl
    Study study_;
    std::map<int, std::vector<EpochRecord>> histories_;  // of the runs that aren't finished
};

// Reads a results folder back, whole or of an experiment that still runs or was cut off. Scores of val and
// test are computed from the predictions files, so they can't disagree with them. Throws UserError (exit code
// 2) naming the file and line where something isn't as it should be.
Results load_results(const std::filesystem::path& folder);

Summary summarize(const Results& results);

}  // namespace kickdrum
