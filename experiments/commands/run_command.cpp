// SPDX-License-Identifier: MIT
// kickdrum run and kickdrum check: the main job, and its checks alone.
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <optional>

#include "experiments/baselines/baseline_check.h"
#include "experiments/commands/all_commands.h"
#include "experiments/commands/options.h"
#include "experiments/commands/program.h"
#include "experiments/config/read_experiment.h"
#include "experiments/data/feature_cache.h"
#include "experiments/ensembles/ensemble.h"
#include "experiments/runs/check.h"
#include "experiments/runs/experiment.h"
#include "experiments/runs/progress.h"
#include "experiments/studies/baseline_study.h"
#include "experiments/studies/study.h"

namespace kickdrum {
namespace fs = std::filesystem;
namespace {

struct ExperimentOptions {
    CommonOptions common;
    std::string file;
    bool dry_run = false;
    bool yes = false;

    fs::path cache() const { return common.cache.empty() ? default_feature_cache() : fs::path(common.cache); }
};

fs::path results_of(const ExperimentOptions& options, const std::string& name) {
    return options.common.out.empty() ? fs::path("results") / name : fs::path(options.common.out);
}

RunOptions run_options(const ExperimentOptions& options, const fs::path& out,
                       const std::string& command_line) {
    return {.out = out,
            .cache = options.cache(),
            .force = options.common.force,
            .quiet = options.common.quiet,
            .json = options.common.json,
            .threads = options.common.threads,
            .command = command_line,
            .exports = {.tensorboard = options.common.tensorboard, .mlflow = options.common.mlflow}};
}

ExitCode check(const ExperimentConfig& config, const ExperimentOptions& options) {
    const bool json = options.common.json;
    Progress progress(json ? std::cerr : std::cout, progress_style(json ? 2 : 1, options.common.quiet));
    const CheckOptions how{.cache = options.cache(),
                           .threads = options.common.threads,
                           .architecture = options.common.architecture()};
    if (config.chosen_baseline() != nullptr) {
        const BaselineCheck checked = check_baseline(config, how, progress);
        print(json ? checked.json : checked.text);
        return checked.interrupted ? ExitCode::interrupted : ExitCode::done;
    }
    const CheckReport report = check_experiment(config, how, progress);
    if (report.interrupted) {
        progress.interrupted("the features that were ready stay in the cache");
        return ExitCode::interrupted;
    }
    print(json ? to_json(report) : to_text(report));
    return report.plans() ? ExitCode::done : ExitCode::environment;
}

// Nothing where the file isn't a study.
std::optional<ExitCode> study(const ExperimentOptions& options, bool only_check,
                              const std::string& command_line) {
    if (options.file.empty() || !is_study_file(options.file)) return std::nullopt;
    const StudyPlan plan = read_study(options.file, options.common.overrides());
    const RunOptions run = run_options(options, results_of(options, plan.name), command_line);
    return only_check ? check_study(plan, run) : run_study(plan, run, options.yes);
}

// The same for an ensemble.
std::optional<ExitCode> ensemble(const ExperimentOptions& options, bool only_check,
                                 const std::string& command_line) {
    if (options.file.empty() || !is_ensemble_file(options.file)) return std::nullopt;
    const EnsemblePlan plan = read_ensemble(options.file, options.common.overrides());
    const RunOptions run = run_options(options, results_of(options, plan.name), command_line);
    return only_check ? check_ensemble(plan, run) : run_ensemble(plan, run);
}

// All baselines of an experiment, as a study.
ExitCode baselines(const ExperimentConfig& config, const ExperimentOptions& options, bool only_check,
                   const std::string& command_line) {
    const StudyPlan plan = baseline_study(config, options.common.overrides());
    const RunOptions run = run_options(options, results_of(options, plan.name), command_line);
    return only_check ? check_study(plan, run) : run_study(plan, run, options.yes);
}

using AddOption = void (*)(CLI::App&, CommonOptions&);

void add_shared_options(CLI::App& app, ExperimentOptions& options, AddOption add_device) {
    add_argument(app, "EXPERIMENT.yaml", options.file,
                 "The experiment file, a study of several variants, or an ensemble");
    add_set_option(app, options.common);
    add_device(app, options.common);
    add_threads_option(app, options.common);
    add_cache_option(app, options.common);
    add_quiet_option(app, options.common);
}

ExperimentConfig read(const ExperimentOptions& options, const std::string& command) {
    require_argument(command, "an experiment file", !options.file.empty());
    return read_experiment(
        options.file, options.common.overrides(),
        options.common.architecture().empty() ? MeantFor::this_computer : MeantFor::another);
}

Work declare_run(CLI::App& app) {
    const auto options = std::make_shared<ExperimentOptions>();
    add_shared_options(app, *options, add_device_option);
    add_out_option(app, options->common, "DIR", "The results folder (default: results/<name>)");
    add_force_option(app, options->common, "Replace the results in an existing results folder");
    add_export_options(app, options->common);
    add_flag(app, "--dry-run", options->dry_run, "Check only, as 'kickdrum check' does");
    add_flag(app, "--yes", options->yes, "Run a study of more than 100 runs");
    add_json_option(app, options->common, "Print summary.json on stdout, everything else on stderr");
    return [options](const std::string& command_line) {
        if (const auto code = study(*options, options->dry_run, command_line)) return *code;
        if (const auto code = ensemble(*options, options->dry_run, command_line)) return *code;
        const ExperimentConfig config = read(*options, "run");
        if (is_baseline_study(config)) return baselines(config, *options, options->dry_run, command_line);
        if (options->dry_run) return check(config, *options);
        return run_experiment(config, run_options(*options, results_of(*options, config.name), command_line));
    };
}

Work declare_check(CLI::App& app) {
    const auto options = std::make_shared<ExperimentOptions>();
    add_shared_options(app, *options, add_planned_device_option);
    add_json_option(app, options->common, "Print one JSON document on stdout, everything else on stderr");
    return [options](const std::string& command_line) {
        if (const auto code = study(*options, true, command_line)) return *code;
        if (const auto code = ensemble(*options, true, command_line)) return *code;
        const ExperimentConfig config = read(*options, "check");
        if (is_baseline_study(config)) return baselines(config, *options, true, command_line);
        return check(config, *options);
    };
}

}  // namespace

Command run_command() {
    return {.name = "run",
            .summary = "Run an experiment: features, training runs, statistics, report",
            .arguments = "EXPERIMENT.yaml",
            .description =
                "Runs an experiment: checks everything, computes the features (or takes them from the\n"
                "cache), trains as many times as the file says and writes the results folder with its\n"
                "report. Ctrl-C stops after the current step; 'kickdrum resume' goes on from there.",
            .example = "  kickdrum run experiment.yaml --set training.batch_size=32 --out results/batch-32",
            .declare = declare_run};
}

Command check_command() {
    return {.name = "check",
            .summary = "Check an experiment without running it: data, shapes, memory, time",
            .arguments = "EXPERIMENT.yaml",
            .description =
                "Checks everything that can be known before an experiment runs: the file, the label\n"
                "table, every clip, the split, the shape of each layer. Says how much memory it takes\n"
                "and, from a few steps on this computer, about how long. The features are computed on\n"
                "the way and stay in the cache.",
            .example = "  kickdrum check experiment.yaml",
            .declare = declare_check};
}

}  // namespace kickdrum
