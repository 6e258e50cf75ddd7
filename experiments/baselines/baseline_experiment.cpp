// SPDX-License-Identifier: MIT
#include "experiments/baselines/baseline_experiment.h"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <mutex>
#include <set>

#include "experiments/baselines/baseline_run.h"
#include "experiments/config/resolved_yaml.h"
#include "experiments/data/labels.h"
#include "experiments/data/split.h"
#include "experiments/runs/experiment_data.h"
#include "experiments/runs/experiment_steps.h"
#include "experiments/runs/interrupt.h"
#include "experiments/runs/progress.h"
#include "experiments/runs/run_scheduler.h"
#include "experiments/runs/study_recorder.h"

namespace kickdrum {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kLeak =
    "the published protocol deals out clips, not tracks: clips of one track are in training and test, and "
    "what stops "
    "early or is chosen is judged by the test part. Its scores are too good; they are here to be compared "
    "with the "
    "published ones.";

ContextOptions one_thread() {
    ContextOptions options;
    options.threads = 1;
    return options;
}

class BaselineExperiment {
 public:
    BaselineExperiment(const ExperimentConfig& config, const RunOptions& options)
        : config_(config),
          options_(options),
          spec_(*config.chosen_baseline()),
          progress_(logs_to_stderr(options) ? std::cerr : std::cout,
                    progress_style(logs_to_stderr(options) ? 2 : 1, options.quiet)),
          context_(one_thread()),
          threads_(worker_threads(options.threads)) {}

    ExitCode run() {
        if (!options_.resume) require_free_results_folder(options_.out, options_.force);
        for (const auto* spec : fitted_baselines(config_)) {
            const std::string library = require_library(spec->kind);
            if (!library.empty()) libraries_.insert(library);
        }
        progress_.stage("Labels");
        const ClipTable labels = read_labels(config_.data);
        progress_.stage_done(
            fmt::format("{} clips in {} classes", labels.clips.size(), labels.classes.size()));
        if (!load(labels)) {
            progress_.interrupted("nothing was fitted yet; the features that were ready stay in the cache");
            return ExitCode::interrupted;
        }
        StudyRecorder recorder(config_, options_.resume ? earlier_results() : new_results(),
                               folder_use(options_), progress_);
        try {
            recorder.write_data(data_.table, splits_, data_.skipped, std::nullopt);
            fit_all(recorder);
        } catch (const std::exception& error) {
            recorder.finish(StudyStatus::failed, error.what());
            throw;
        }
        if (std::ssize(recorder.results().runs) < config_.runs) return end_interrupted(recorder, progress_);
        return end_done(recorder, progress_, options_);
    }

 private:
    // Returns false where it was interrupted.
    bool load(const ClipTable& labels) {
        progress_.stage("Features");
        data_ = load_baseline_data(config_, fitted_baselines(config_), labels,
                                   {.cache = options_.cache, .threads = options_.threads},
                                   [&](std::int64_t done, std::int64_t total) {
                                       progress_.stage_progress(done, total);
                                       return !interrupt_.interrupted();
                                   });
        if (data_.stopped) return false;
        progress_.stage_done(fmt::format("{} clips, {}", data_.table.clips.size(), sources()));
        for (const auto& warning : data_.warnings) progress_.warning(warning);
        for (const auto& skipped : data_.skipped) progress_.warning("left out: " + skipped.reason);
        if (spec_.leaky()) {
            splits_.push_back(published_split(data_.table, config_.split.seeds.front()));
            progress_.warning(std::string("leaky: ") + std::string(kLeak));
        } else {
            Problems problems;
            check_groups(data_.table, config_.split, problems);
            problems.throw_if_any(ExitCode::data);
            splits_ = make_splits(config_, data_.table);
        }
        for (const auto& split : splits_) warn_of(split);
        return !interrupt_.interrupted();
    }

    void warn_of(const Split& split) {
        for (const auto& warning : split_warnings(data_.table, split)) {
            if (!spec_.leaky() || !warning.starts_with("val ")) progress_.warning(warning);
        }
        const auto train = clips_of(split, Part::train);
        for (const auto& [source, columns] : data_.features) {
            const Scaler scaler = fit_scaler(rows_of(columns.values, train), std::nullopt);
            if (scaler.constant_columns.empty()) continue;
            progress_.warning(
                fmt::format("{} of {} features ({}) {} the same for all clips of the training part (split "
                            "seed {}): {} no use",
                            scaler.constant_columns.size(), columns.names.size(),
                            columns.names[scaler.constant_columns.front()],
                            scaler.constant_columns.size() == 1 ? "is" : "and others are", split.seed,
                            scaler.constant_columns.size() == 1 ? "it is of" : "they are of"));
        }
    }

    std::string sources() const {
        std::string text;
        for (const auto& [source, columns] : data_.features)
            text += fmt::format("{}{} features ({})", text.empty() ? "" : ", ", columns.names.size(), source);
        return text;
    }

    std::string model_line() const {
        std::string libraries;
        for (const auto& library : libraries_) libraries += (libraries.empty() ? "" : ", ") + library;
        return fmt::format("baseline '{}': {}{}", spec_.name, to_string(spec_.kind),
                           libraries.empty() ? "" : " (" + libraries + ")");
    }

    Environment environment() const {
        Environment environment = describe_environment(context_, options_.command);
        environment.threads = threads_;
        for (const auto& library : libraries_) {
            const std::size_t space = library.find(' ');
            environment.libraries[library.substr(0, space)] =
                space == std::string::npos ? "" : library.substr(space + 1);
        }
        return environment;
    }

    Results new_results() const {
        Results results;
        results.folder = options_.out;
        results.status = StudyStatus::running;
        results.study = {.name = config_.name,
                         .runs = config_.runs,
                         .seed = config_.seed,
                         .classes = data_.table.classes,
                         .split_seeds = config_.split.seeds,
                         .published = config_.published,
                         .published_source = config_.published_source,
                         .model = model_line(),
                         .experiment = config_.file.string(),
                         .skipped = {},
                         .leaky_protocol = spec_.leaky() ? std::string(kLeak) : std::string()};
        results.environment = environment();
        results.resolved_yaml = resolved_yaml(config_);
        return results;
    }

    Results earlier_results() const {
        Results results = load_results(options_.out);
        results.status = StudyStatus::running;
        return results;
    }

    // Several runs at a time, each on a thread; where there are fewer runs than threads, they share them.
    void fit_all(StudyRecorder& recorder) {
        const std::vector<int> waiting = waiting_runs(recorder.results(), config_.runs);
        ThreadPool pool(threads_);
        const auto runs = static_cast<std::int64_t>(waiting.size());
        if (runs >= threads_) {
            pool.parallel_for(runs, [&](std::int64_t i, int) {
                fit(waiting[static_cast<std::size_t>(i)], nullptr, recorder);
            });
        } else {
            for (const int run : waiting) fit(run, &pool, recorder);
        }
    }

    void fit(int run, ThreadPool* pool, StudyRecorder& recorder) {
        if (interrupt_.interrupted()) return;
        const Split& split = splits_.size() == 1 ? splits_[0] : splits_.at(static_cast<std::size_t>(run) - 1);
        recorder.run_started(run, {});
        TrainingRunOutcome outcome = run_baseline(
            {.config = config_,
             .data = data_,
             .rows = spec_.leaky() ? published_rows(data_.table, split.seed) : rows_of_split(split),
             .run = run,
             .folder = options_.out,
             .pool = pool,
             .go_on = [this] { return !interrupt_.interrupted(); }});
        if (!outcome.interrupted) recorder.run_finished(std::move(outcome));
    }

    const ExperimentConfig& config_;
    const RunOptions& options_;
    const BaselineSpec& spec_;
    Progress progress_;
    InterruptGuard interrupt_;
    Context context_;
    int threads_;
    std::set<std::string> libraries_;
    BaselineData data_;
    std::vector<Split> splits_;
};

}  // namespace

ExitCode run_baseline_experiment(const ExperimentConfig& config, const RunOptions& options) {
    return BaselineExperiment(config, options).run();
}

}  // namespace kickdrum
