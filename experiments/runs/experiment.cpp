// SPDX-License-Identifier: MIT
#include "experiments/runs/experiment.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iostream>

#include "experiments/config/device_choice.h"
#include "experiments/config/resolved_yaml.h"
#include "experiments/data/labels.h"
#include "experiments/data/split.h"
#include "experiments/runs/experiment_data.h"
#include "experiments/runs/interrupt.h"
#include "experiments/runs/progress.h"
#include "experiments/runs/run_scheduler.h"
#include "experiments/runs/study_recorder.h"
#include "experiments/runs/training_run.h"
#include "kernels/device/error.h"

namespace kickdrum {
namespace {

class Experiment {
 public:
    Experiment(const ExperimentConfig& config, const RunOptions& options)
        : config_(config),
          options_(options),
          progress_(options.json ? std::cerr : std::cout,
                    progress_style(options.json ? 2 : 1, options.quiet)),
          device_(choose_device(config)),
          plan_(plan_runs(config, device_, options.threads)),
          data_context_(context_options(config, device_, 1)) {}

    ExitCode run() {
        require_free_results_folder(options_.out, options_.force);
        if (!load_data()) return interrupted_before_training();
        splits_ = make_splits(config_, table_);
        for (const auto& split : splits_) {
            for (const auto& warning : split_warnings(table_, split)) progress_.warning(warning);
        }
        StudyRecorder recorder(config_, results_without_runs(), options_.force, progress_);
        try {
            recorder.write_preamble(table_, splits_);
            return train_all(recorder);
        } catch (const DeviceError& error) {
            recorder.finish(StudyStatus::failed, error.what());
            throw device_failed(error, recorder.results());
        } catch (const std::exception& error) {
            // What was computed stays; the report says how far it got, if the disk still takes it.
            recorder.finish(StudyStatus::failed, error.what());
            throw;
        }
    }

 private:
    // Fills table_, inputs_ and skipped_. Returns false where it was interrupted.
    bool load_data() {
        progress_.stage("Labels");
        const ClipTable labels = read_labels(config_.data);
        progress_.stage_done(
            fmt::format("{} clips in {} classes", labels.clips.size(), labels.classes.size()));

        progress_.stage("Features");
        ExperimentData data = load_experiment_data(config_, labels,
                                                   {.cache = options_.cache,
                                                    .threads = options_.threads,
                                                    .context = &data_context_,
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
        skipped_ = std::move(data.skipped);
        inputs_ = upload_images(data_context_, data.images, std::ssize(table_.clips));
        inputs_tensor_ =
            inputs_.tensor({std::ssize(table_.clips), config_.features.height, config_.features.width, 1});
        return !interrupt_.interrupted();
    }

    ExitCode interrupted_before_training() {
        progress_.interrupted("nothing was trained yet; the features that were ready stay in the cache");
        return ExitCode::interrupted;
    }

    Results results_without_runs() {
        Results results;
        results.folder = options_.out;
        results.status = StudyStatus::running;
        results.study = {.name = config_.name,
                         .runs = config_.runs,
                         .seed = config_.seed,
                         .classes = table_.classes,
                         .split_seeds = config_.split.seeds,
                         .published = config_.published,
                         .published_source = config_.published_source,
                         .model = model_line(),
                         .experiment = config_.file.string(),
                         .skipped = std::move(skipped_)};
        results.environment = describe_environment(data_context_, options_.command);
        results.environment.threads = worker_threads(options_.threads);
        results.environment.parallel_runs = plan_.parallel;
        results.resolved_yaml = resolved_yaml(config_);
        for (const auto& split : splits_) results.splits.push_back(rows_of(split));
        return results;
    }

    SplitTable rows_of(const Split& split) const {
        SplitTable rows{.seed = split.seed, .rows = {}};
        for (std::size_t i = 0; i < table_.clips.size(); ++i) {
            const Clip& clip = table_.clips[i];
            rows.rows.push_back(
                {.sample_id = clip.id, .group = clip.group, .label = clip.label, .part = split.parts[i]});
        }
        return rows;
    }

    std::string model_line() const {
        const Shape clip{1, config_.features.height, config_.features.width, 1};
        const auto rows = describe_model(config_.model, clip, static_cast<int>(table_.classes.size()));
        return fmt::format("network of {} layers, {:.3g} M parameters", config_.model.size(),
                           static_cast<double>(parameter_count(rows)) / 1e6);
    }

    ExitCode train_all(StudyRecorder& recorder) {
        RunScheduler scheduler(plan_.parallel, context_options(config_, device_, plan_.threads));
        scheduler.train(config_.runs,
                        [&](Context& context, int run) { return train(context, run, scheduler, recorder); });
        const Results& results = recorder.results();
        if (std::ssize(results.runs) < config_.runs) {
            recorder.finish(StudyStatus::interrupted);
            progress_.interrupted(fmt::format("{} of {} runs are finished and saved in {}",
                                              results.runs.size(), config_.runs, options_.out.string()));
            return ExitCode::interrupted;
        }
        recorder.finish(StudyStatus::done);
        const Summary summary = summarize(results);
        progress_.finished(results, summary, recorder.report_path());
        if (options_.json) std::cout << to_json(summary) << std::flush;
        return ExitCode::done;
    }

    UserError device_failed(const DeviceError& error, const Results& results) const {
        return {
            ExitCode::environment,
            fmt::format(
                "{}; {} of {} runs are finished and saved in {}. 'kickdrum devices' says whether the GPU can "
                "still be used; 'device: cpu' does without it",
                error.what(), results.runs.size(), config_.runs, options_.out.string())};
    }

    // Called by several threads at a time. Returns false where it was interrupted.
    bool train(Context& context, int run, const RunScheduler& scheduler, StudyRecorder& recorder) const {
        recorder.run_started(run);
        const Split& split = splits_.size() == 1 ? splits_[0] : splits_.at(static_cast<std::size_t>(run) - 1);
        const auto training_clips = std::count(split.parts.begin(), split.parts.end(), Part::train);
        const TrainingRunHooks hooks{
            .on_epoch = [&](const RunResult& so_far) { recorder.epoch_done(so_far); },
            .go_on =
                [&](double done) {
                    const auto clips = static_cast<double>(training_clips);
                    recorder.step_done(run, std::llround(done * clips), training_clips);
                    return !interrupt_.interrupted() && !scheduler.stopping();
                },
        };
        TrainingRunOutcome outcome = train_run(context, config_, table_, split, inputs_tensor_, run, hooks);
        if (outcome.interrupted) return false;
        recorder.run_finished(std::move(outcome));
        return !interrupt_.interrupted();
    }

    const ExperimentConfig& config_;
    const RunOptions& options_;
    Progress progress_;
    InterruptGuard interrupt_;
    Device device_;
    RunPlan plan_;

    // What all runs share, and only read.
    Context data_context_;
    ClipTable table_;
    Buffer inputs_;
    Tensor inputs_tensor_;  // [clips, height, width, 1]
    std::vector<Split> splits_;
    std::vector<SkippedClip> skipped_;
};

}  // namespace

ExitCode run_experiment(const ExperimentConfig& config, const RunOptions& options) {
    return Experiment(config, options).run();
}

}  // namespace kickdrum
