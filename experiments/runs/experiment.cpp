// SPDX-License-Identifier: MIT
#include "experiments/runs/experiment.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iostream>

#include "experiments/baselines/baseline_experiment.h"
#include "experiments/config/device_choice.h"
#include "experiments/config/read_experiment.h"
#include "experiments/config/resolved_yaml.h"
#include "experiments/data/band_sums.h"
#include "experiments/data/content_hash.h"
#include "experiments/data/labels.h"
#include "experiments/data/split.h"
#include "experiments/files.h"
#include "experiments/models/initial_weights.h"
#include "experiments/runs/experiment_data.h"
#include "experiments/runs/experiment_steps.h"
#include "experiments/runs/interrupt.h"
#include "experiments/runs/progress.h"
#include "experiments/runs/run_scheduler.h"
#include "experiments/runs/study_recorder.h"
#include "experiments/runs/training_run.h"
#include "kernels/device/error.h"

namespace kickdrum {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kPairsOnTerminal = 10;  // the report has the others

class Experiment {
 public:
    Experiment(const ExperimentConfig& config, const RunOptions& options)
        : config_(config),
          options_(options),
          progress_(logs_to_stderr(options) ? std::cerr : std::cout,
                    progress_style(logs_to_stderr(options) ? 2 : 1, options.quiet)),
          device_(choose_device(config)),
          plan_(plan_runs(config, device_, options.threads)),
          data_context_(context_options(config, device_, 1)) {}

    ExitCode run() {
        if (!options_.resume) require_free_results_folder(options_.out, options_.force);
        progress_.stage("Labels");
        table_ = read_labels(config_.data);
        progress_.stage_done(
            fmt::format("{} clips in {} classes", table_.clips.size(), table_.classes.size()));
        initial_ = read_initial_weights(config_, table_.classes);
        for (const auto& warning : initial_.warnings) progress_.warning(warning);
        // Old results stay until the data of those that replace them is known to be good.
        const FolderUse use = folder_use(options_);
        if (use == FolderUse::replace && !load_data()) {
            progress_.interrupted("nothing was trained yet; the features that were ready stay in the cache");
            return ExitCode::interrupted;
        }
        StudyRecorder recorder(config_, options_.resume ? earlier_results() : results_without_runs(), use,
                               progress_);
        if (options_.exports.tensorboard) recorder.log_for_tensorboard();
        try {
            return run(recorder, use);
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
    ExitCode run(StudyRecorder& recorder, FolderUse use) {
        if (std::ssize(recorder.results().runs) == config_.runs)
            return end_done(recorder, progress_, options_);
        if (use != FolderUse::replace) {
            try {
                if (!load_data()) return interrupted_before_training(recorder);
            } catch (const UserError&) {
                if (use == FolderUse::fresh) recorder.discard();
                throw;
            }
        }
        splits_ = make_splits(config_, table_);
        for (const auto& split : splits_) {
            for (const auto& warning : split_warnings(table_, split)) progress_.warning(warning);
        }
        LeakCheck leaks = check_leaks(table_, splits_, duplicates_);
        for (const auto& warning : leak_warnings(leaks, kPairsOnTerminal)) progress_.warning(warning);
        recorder.write_data(table_, splits_, std::move(skipped_), std::move(leaks));
        return train_all(recorder);
    }

    // Fills table_, inputs_ and skipped_. Returns false where it was interrupted.
    bool load_data() {
        progress_.stage("Features");
        ExperimentData data = load_experiment_data(config_, table_,
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
        duplicates_ = std::move(data.duplicates);
        inputs_ = upload_images(data_context_, data.images, std::ssize(table_.clips));
        inputs_tensor_ = inputs_.tensor(config_.features.clip_shape().with_rows(std::ssize(table_.clips)));
        if (config_.features.standardize) bands_.emplace(data.images, config_.features.clip_shape());
        features_hash_ = content_hash({reinterpret_cast<const char*>(data.images.data()), inputs_.bytes()});
        return !interrupt_.interrupted();
    }

    ExitCode interrupted_before_training(StudyRecorder& recorder) {
        recorder.finish(StudyStatus::interrupted);
        progress_.interrupted(
            fmt::format("nothing was trained yet; the features that were ready stay in the cache; {}",
                        how_to_resume(options_.out)));
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
                         .sets = table_.sets,
                         .split_seeds = config_.split.seeds,
                         .published = config_.published,
                         .published_source = config_.published_source,
                         .model = model_line(),
                         .experiment = config_.file.string(),
                         .skipped = {}};
        results.environment = environment();
        results.resolved_yaml = resolved_yaml(config_);
        return results;
    }

    // What an earlier call left in the folder.
    Results earlier_results() {
        Results results = load_results(options_.out);
        results.status = StudyStatus::running;
        Environment now = environment();
        if (!results.environment.command.empty()) {
            now.command = results.environment.command;
            now.date = results.environment.date;
        }
        now.implementations = results.environment.implementations;
        results.environment = std::move(now);
        return results;
    }

    Environment environment() const {
        Environment environment = describe_environment(data_context_, options_.command);
        environment.threads = worker_threads(options_.threads);
        environment.parallel_runs = plan_.parallel;
        return environment;
    }

    std::string model_line() const {
        const auto rows =
            describe_model(config_.model, config_.input_shape(), static_cast<int>(table_.classes.size()));
        return fmt::format("network of {} layers, {:.3g} M parameters", config_.model.size(),
                           static_cast<double>(parameter_count(rows)) / 1e6);
    }

    ExitCode train_all(StudyRecorder& recorder) {
        const std::vector<int> waiting = waiting_runs(recorder.results(), config_.runs);
        RunScheduler scheduler(plan_.parallel, context_options(config_, device_, plan_.threads));
        scheduler.train(static_cast<int>(waiting.size()), [&](Context& context, int place) {
            return train(context, waiting[static_cast<std::size_t>(place) - 1], scheduler, recorder);
        });
        if (std::ssize(recorder.results().runs) < config_.runs) return end_interrupted(recorder, progress_);
        return end_done(recorder, progress_, options_);
    }

    UserError device_failed(const DeviceError& error, const Results& results) const {
        return {
            ExitCode::environment,
            fmt::format(
                "{}; {} of {} runs are finished and saved in {}. 'kickdrum devices' says whether the GPU can "
                "still be used: then {}; 'device: cpu' does without it",
                error.what(), results.runs.size(), config_.runs, options_.out.string(),
                how_to_resume(options_.out))};
    }

    // Called by several threads at a time. Returns false where it was interrupted.
    bool train(Context& context, int run, const RunScheduler& scheduler, StudyRecorder& recorder) const {
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
            .on_start = [&](const std::vector<EpochRecord>& history) { recorder.run_started(run, history); },
            .on_warning = [&](const std::string& warning) { recorder.warn(warning); },
        };
        const CheckpointOptions checkpoints{
            .folder = recorder.checkpoint_folder(run),
            .identity = {
                {"experiment", to_string(content_hash(std::string_view(recorder.results().resolved_yaml)))},
                {"data", data_hash(split)},
                {"init_from", initial_.identity}}};
        TrainingRunOutcome outcome =
            train_run(context, config_, table_, split, inputs_tensor_, bands_ ? &*bands_ : nullptr, run,
                      hooks, checkpoints, initial_);
        if (outcome.interrupted) return false;
        recorder.run_finished(std::move(outcome));
        return !interrupt_.interrupted();
    }

    // Of all that a run learns from and is tested on.
    std::string data_hash(const Split& split) const {
        std::string text = to_string(features_hash_);
        for (std::size_t i = 0; i < table_.clips.size(); ++i) {
            text += fmt::format("{} {} {}\n", table_.clips[i].id, table_.clips[i].label,
                                to_string(split.parts[i]));
        }
        return to_string(content_hash(std::string_view(text)));
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
    InitialWeights initial_;
    Buffer inputs_;
    Tensor inputs_tensor_;           // [clips, height, width, channels]
    std::optional<BandSums> bands_;  // to standardise by
    std::vector<Split> splits_;
    std::vector<SkippedClip> skipped_;
    std::vector<DuplicatePair> duplicates_;
    ContentHash features_hash_;
};

}  // namespace

ExitCode run_experiment(const ExperimentConfig& config, const RunOptions& options) {
    if (config.chosen_baseline() != nullptr) return run_baseline_experiment(config, options);
    if (!config.baselines.empty()) {
        throw UserError(ExitCode::usage,
                        fmt::format("'{}' holds several baselines; choose one with 'baseline', such as {}",
                                    config.file.string(), config.baselines.front().name));
    }
    return Experiment(config, options).run();
}

ExitCode resume_experiment(RunOptions options) {
    const fs::path& folder = options.out;
    std::error_code error;
    if (!fs::is_directory(folder, error)) {
        throw UserError(ExitCode::usage, fmt::format("there is no folder '{}'", folder.string()));
    }
    if (FolderLock::held(folder)) throw in_use(folder);
    const Results earlier = load_results(folder);
    if (!fs::exists(folder / "resolved.yaml", error)) {
        throw UserError(ExitCode::usage,
                        fmt::format("'{}' holds nothing to go on from: it was stopped before anything was "
                                    "saved; begin anew with 'kickdrum run ... --force'",
                                    folder.string()));
    }
    ExperimentConfig config = read_experiment(folder / "resolved.yaml");
    config.text = read_file(folder / "experiment.yaml");
    options.resume = true;
    return run_experiment(config, options);
}

}  // namespace kickdrum
