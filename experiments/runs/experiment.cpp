// SPDX-License-Identifier: MIT
#include "experiments/runs/experiment.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <iostream>
#include <optional>

#include "experiments/config/resolved_yaml.h"
#include "experiments/data/labels.h"
#include "experiments/data/split.h"
#include "experiments/files.h"
#include "experiments/report/html_report.h"
#include "experiments/runs/experiment_data.h"
#include "experiments/runs/interrupt.h"
#include "experiments/runs/progress.h"
#include "experiments/runs/results_folder.h"
#include "experiments/runs/training_run.h"

namespace kickdrum {
namespace {

// The report is made anew after an epoch when the last one is older than this.
constexpr double kReportSeconds = 10;

class Experiment {
 public:
    Experiment(const ExperimentConfig& config, const RunOptions& options)
        : config_(config),
          options_(options),
          out_(options.json ? std::cerr : std::cout),
          progress_(out_, progress_style(options.json ? 2 : 1, options.quiet)),
          context_({.device = Device::cpu, .threads = options.threads}) {}

    ExitCode run() {
        require_free_results_folder(options_.out, options_.force);
        if (!load_data()) return interrupted_before_training();
        splits_ = make_splits(config_, table_);
        record_splits();
        for (const auto& split : splits_) {
            for (const auto& warning : split_warnings(table_, split)) progress_.warning(warning);
        }
        folder_.emplace(options_.out, options_.force);
        try {
            return run_in_folder();
        } catch (...) {
            // What was computed stays; the report says how far it got, if the disk still takes it.
            finish_as(StudyStatus::failed);
            throw;
        }
    }

 private:
    ExitCode run_in_folder() {
        write_preamble();
        for (int run = 1; run <= config_.runs; ++run) {
            if (train(run)) continue;
            finish_as(StudyStatus::interrupted);
            progress_.interrupted(fmt::format("{} of {} runs are finished and saved in {}",
                                              results_.runs.size(), config_.runs, options_.out.string()));
            return ExitCode::interrupted;
        }
        finish_as(StudyStatus::done);
        const Summary summary = summarize(results_);
        progress_.finished(results_, summary, folder_->report_path());
        if (options_.json) std::cout << to_json(summary) << std::flush;
        return ExitCode::done;
    }

    // Fills table_, inputs_ and the list of skipped clips. Returns false where it was interrupted.
    bool load_data() {
        progress_.stage("Labels");
        const ClipTable labels = read_labels(config_.data);
        progress_.stage_done(
            fmt::format("{} clips in {} classes", labels.clips.size(), labels.classes.size()));

        progress_.stage("Features");
        ExperimentData data = load_experiment_data(config_, labels,
                                                   {.cache = options_.cache,
                                                    .threads = options_.threads,
                                                    .progress = [&](std::int64_t done, std::int64_t total) {
                                                        progress_.stage_progress(done, total);
                                                        return !interrupt_.interrupted();
                                                    }});
        if (data.stopped) return false;
        progress_.stage_done(
            fmt::format("{} clips, {} of them from the cache", data.table.clips.size(), data.from_cache));
        for (const auto& warning : data.warnings) progress_.warning(warning);
        for (const auto& skipped : data.skipped) progress_.warning("left out: " + skipped.reason);

        table_ = std::move(data.table);
        results_.study.skipped = std::move(data.skipped);
        inputs_ = Buffer(context_, data.images.size() * sizeof(float));
        inputs_tensor_ =
            inputs_.tensor({std::ssize(table_.clips), config_.features.height, config_.features.width, 1});
        std::memcpy(inputs_tensor_.data, data.images.data(), inputs_tensor_.bytes());
        return !interrupt_.interrupted();
    }

    ExitCode interrupted_before_training() {
        progress_.interrupted("nothing was trained yet; the features that were ready stay in the cache");
        return ExitCode::interrupted;
    }

    void record_splits() {
        for (const auto& split : splits_) {
            SplitTable rows{.seed = split.seed, .rows = {}};
            for (std::size_t i = 0; i < table_.clips.size(); ++i) {
                const Clip& clip = table_.clips[i];
                rows.rows.push_back(
                    {.sample_id = clip.id, .group = clip.group, .label = clip.label, .part = split.parts[i]});
            }
            results_.splits.push_back(std::move(rows));
        }
    }

    const Split& split_of_run(int run) const {
        return splits_.size() == 1 ? splits_[0] : splits_.at(static_cast<std::size_t>(run) - 1);
    }

    void write_preamble() {
        results_.folder = options_.out;
        results_.status = StudyStatus::running;
        results_.study.name = config_.name;
        results_.study.runs = config_.runs;
        results_.study.seed = config_.seed;
        results_.study.classes = table_.classes;
        results_.study.split_seeds = config_.split.seeds;
        results_.study.published = config_.published;
        results_.study.published_source = config_.published_source;
        results_.study.model = model_line();
        results_.study.experiment = config_.file.string();
        results_.environment = describe_environment(context_, options_.command);
        results_.resolved_yaml = resolved_yaml(config_);

        folder_->write_experiment(config_.text);
        folder_->write_resolved(results_.resolved_yaml);
        folder_->write_environment(results_.environment);
        folder_->write_study(results_.study);
        for (const auto& split : splits_) folder_->write_split(table_, split);
        folder_->log("started", {{"runs", std::int64_t{config_.runs}}, {"clips", std::ssize(table_.clips)}});
        write_report();
    }

    std::string model_line() const {
        const Shape clip{1, config_.features.height, config_.features.width, 1};
        const auto rows = describe_model(config_.model, clip, static_cast<int>(table_.classes.size()));
        return fmt::format("network of {} layers, {:.3g} M parameters", config_.model.size(),
                           static_cast<double>(parameter_count(rows)) / 1e6);
    }

    // Returns false where it was interrupted.
    bool train(int run) {
        progress_.run_started(run, config_.runs, config_.training.epochs);
        folder_->log("run started", {{"run", std::int64_t{run}}});
        const Split& split = split_of_run(run);
        const auto training_clips = std::count(split.parts.begin(), split.parts.end(), Part::train);
        const TrainingRunHooks hooks{
            .on_epoch = [&](const RunResult& so_far) { epoch_done(so_far); },
            .go_on =
                [&](double done) {
                    const auto clips = static_cast<double>(training_clips);
                    progress_.step_done(std::llround(done * clips), training_clips);
                    return !interrupt_.interrupted();
                },
        };
        TrainingRunOutcome outcome = train_run(context_, config_, table_, split, inputs_tensor_, run, hooks);
        if (outcome.interrupted) return false;

        folder_->write_run(outcome.result);
        write_file_atomically(folder_->model_path(run), outcome.weights);
        folder_->log("run finished", {{"run", std::int64_t{run}},
                                      {"test.weighted_f1", outcome.result.test.scores.weighted_f1}});
        progress_.run_done(outcome.result);
        if (results_.environment.implementations.empty()) {
            results_.environment.implementations = outcome.implementations;
            folder_->write_environment(results_.environment);
        }
        results_.unfinished.reset();
        results_.runs.push_back(std::move(outcome.result));
        folder_->write_summary(summarize(results_));
        write_report();
        return !interrupt_.interrupted() || run == config_.runs;
    }

    void epoch_done(const RunResult& so_far) {
        const EpochRecord& record = so_far.history.back();
        folder_->append_epoch(so_far.run, record);
        const std::string monitor =
            config_.training.early_stopping ? config_.training.early_stopping->monitor : "val_loss";
        const EpochRecord& best = so_far.history.at(static_cast<std::size_t>(so_far.best_epoch) - 1);
        progress_.epoch_done(record, monitor, history_value(best, monitor), so_far.best_epoch);
        results_.unfinished = UnfinishedRun{.run = so_far.run, .history = so_far.history};
        if (seconds_since(last_report_) > kReportSeconds) write_report();
    }

    void write_report() {
        folder_->write_report(html_report(results_));
        last_report_ = std::chrono::steady_clock::now();
    }

    // The last words in the folder. Must not hide the error that led here.
    void finish_as(StudyStatus status) {
        results_.status = status;
        try {
            folder_->set_status(status);
            if (!results_.runs.empty()) folder_->write_summary(summarize(results_));
            write_report();
            folder_->log(to_string(status));
        } catch (const std::exception&) {
            if (status != StudyStatus::failed) throw;
        }
    }

    static double seconds_since(std::chrono::steady_clock::time_point then) {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - then).count();
    }

    static double history_value(const EpochRecord& record, const std::string& column) {
        if (column == "loss") return record.loss;
        if (column == "accuracy") return record.accuracy;
        if (column == "val_loss") return record.val_loss;
        if (column == "val_accuracy") return record.val_accuracy;
        return record.val_weighted_f1;
    }

    const ExperimentConfig& config_;
    const RunOptions& options_;
    std::ostream& out_;
    Progress progress_;
    InterruptGuard interrupt_;
    Context context_;

    ClipTable table_;
    Buffer inputs_;
    Tensor inputs_tensor_;  // [clips, height, width, 1]
    std::vector<Split> splits_;
    std::optional<ResultsFolder> folder_;
    Results results_;
    std::chrono::steady_clock::time_point last_report_;
};

}  // namespace

ExitCode run_experiment(const ExperimentConfig& config, const RunOptions& options) {
    return Experiment(config, options).run();
}

}  // namespace kickdrum
