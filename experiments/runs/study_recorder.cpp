// SPDX-License-Identifier: MIT
#include "experiments/runs/study_recorder.h"

#include <algorithm>

#include "experiments/files.h"
#include "experiments/report/html_report.h"

namespace kickdrum {
namespace {

// The report is made anew after an epoch when the last one is older than this.
constexpr double kReportSeconds = 10;

double history_value(const EpochRecord& record, const std::string& column) {
    if (column == "loss") return record.loss;
    if (column == "accuracy") return record.accuracy;
    if (column == "val_loss") return record.val_loss;
    if (column == "val_accuracy") return record.val_accuracy;
    return record.val_weighted_f1;
}

// The element of a run in a list that is sorted by run, or where it would be.
template <class List>
auto place_of(List& list, int run) {
    return std::ranges::lower_bound(list, run, {}, [](const auto& one) { return one.run; });
}

SplitTable rows_of(const ClipTable& table, const Split& split) {
    SplitTable rows{.seed = split.seed, .rows = {}};
    for (std::size_t i = 0; i < table.clips.size(); ++i) {
        const Clip& clip = table.clips[i];
        rows.rows.push_back(
            {.sample_id = clip.id, .group = clip.group, .label = clip.label, .part = split.parts[i]});
    }
    return rows;
}

// Adds its lifetime to a sum.
class TimeSpent {
 public:
    explicit TimeSpent(double& seconds) : seconds_(seconds) {}
    ~TimeSpent() { seconds_ += watch_.seconds(); }
    TimeSpent(const TimeSpent&) = delete;
    TimeSpent& operator=(const TimeSpent&) = delete;

 private:
    double& seconds_;
    Stopwatch watch_;
};

}  // namespace

StudyRecorder::StudyRecorder(const ExperimentConfig& config, Results results, FolderUse use,
                             Progress& progress)
    : config_(config), progress_(progress), results_(std::move(results)), folder_(results_.folder, use) {
    progress_.already_finished(static_cast<int>(results_.runs.size()));
    folder_.write_study(results_.study);
    folder_.write_experiment(config_.text);
    folder_.write_environment(results_.environment);
    // Last: from here on it can be resumed.
    folder_.write_resolved(results_.resolved_yaml);
    folder_.log(use == FolderUse::resume ? "resumed" : "opened",
                {{"runs", std::int64_t{config_.runs}}, {"finished", std::ssize(results_.runs)}});
}

void StudyRecorder::write_data(const ClipTable& table, const std::vector<Split>& splits,
                               std::vector<SkippedClip> skipped, std::optional<LeakCheck> leaks) {
    const std::lock_guard lock(mutex_);
    results_.study.skipped = std::move(skipped);
    results_.study.leaks = std::move(leaks);
    folder_.write_study(results_.study);
    results_.splits.clear();
    for (const auto& split : splits) {
        folder_.write_split(table, split);
        results_.splits.push_back(rows_of(table, split));
    }
    folder_.log("started", {{"runs", std::int64_t{config_.runs}}, {"clips", std::ssize(table.clips)}});
    write_report();
}

void StudyRecorder::run_started(int run, const std::vector<EpochRecord>& history) {
    const std::lock_guard lock(mutex_);
    folder_.begin_history(run, history);
    if (tensorboard_) {
        event_files_.erase(run);
        event_files_.try_emplace(run, folder_.run_folder(run), history);
    }
    const int epochs = history.empty() ? 0 : history.back().epoch;
    progress_.run_started(run, config_.runs, config_.training.epochs, epochs);
    folder_.log("run started", {{"run", std::int64_t{run}}, {"epochs_before", std::int64_t{epochs}}});
}

void StudyRecorder::warn(const std::string& message) {
    const std::lock_guard lock(mutex_);
    progress_.warning(message);
    folder_.log("warning", {{"message", message}});
}

void StudyRecorder::step_done(int run, std::int64_t done, std::int64_t total) {
    const std::unique_lock lock(mutex_, std::try_to_lock);
    if (lock) progress_.step_done(run, done, total);
}

void StudyRecorder::epoch_done(const RunResult& so_far) {
    const std::lock_guard lock(mutex_);
    const TimeSpent spent(recording_seconds_);
    const EpochRecord& record = so_far.history.back();
    folder_.append_epoch(so_far.run, record);
    if (const auto events = event_files_.find(so_far.run); events != event_files_.end())
        events->second.add(record);
    const auto& stopping = config_.training.early_stopping;
    const std::string monitor = stopping ? stopping->monitor : "val_loss";
    const EpochRecord& best = so_far.history.at(static_cast<std::size_t>(so_far.best_epoch) - 1);
    progress_.epoch_done(so_far.run, record, monitor, history_value(best, monitor), so_far.best_epoch);

    auto place = place_of(results_.unfinished, so_far.run);
    if (place == results_.unfinished.end() || place->run != so_far.run) {
        place = results_.unfinished.insert(place, UnfinishedRun{.run = so_far.run, .history = {}});
    }
    place->history = so_far.history;
    if (since_report_.seconds() > kReportSeconds) write_report();
}

void StudyRecorder::run_finished(TrainingRunOutcome outcome) {
    const std::lock_guard lock(mutex_);
    const TimeSpent spent(recording_seconds_);
    RunResult& result = outcome.result;
    const int run = result.run;
    if (!outcome.weights.empty()) write_file_atomically(folder_.model_path(run), outcome.weights);
    for (const auto& [name, content] : outcome.files)
        write_file_atomically(folder_.run_folder(run) / name, content);
    folder_.write_run(result);
    folder_.log("run finished",
                {{"run", std::int64_t{run}}, {"test.weighted_f1", result.test.scores.weighted_f1}});
    event_files_.erase(run);
    progress_.run_done(result);
    if (results_.environment.implementations.empty()) {
        results_.environment.implementations = outcome.implementations;
        folder_.write_environment(results_.environment);
    }
    std::erase_if(results_.unfinished, [&](const UnfinishedRun& one) { return one.run == run; });
    results_.runs.insert(place_of(results_.runs, run), std::move(result));
    folder_.write_summary(summarize(results_));
    write_report();
}

void StudyRecorder::finish(StudyStatus status, const std::string& message) {
    const std::lock_guard lock(mutex_);
    results_.status = status;
    try {
        {
            const TimeSpent spent(recording_seconds_);
            if (!results_.runs.empty()) folder_.write_summary(summarize(results_));
            write_report();
        }
        // Behind all files: what is done needs nothing more.
        folder_.set_status(status);
        LogFields fields{{"recording_seconds", recording_seconds_}};
        if (!message.empty()) fields.emplace_back("message", message);
        folder_.log(to_string(status), fields);
    } catch (const std::exception&) {
        if (status != StudyStatus::failed) throw;
    }
}

void StudyRecorder::write_report() {
    folder_.write_report(html_report(results_));
    since_report_ = {};
}

}  // namespace kickdrum
