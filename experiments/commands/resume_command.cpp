// SPDX-License-Identifier: MIT
// kickdrum resume: goes on with what was stopped.
#include <CLI/CLI.hpp>
#include <memory>

#include "experiments/commands/all_commands.h"
#include "experiments/commands/options.h"
#include "experiments/data/feature_cache.h"
#include "experiments/ensembles/ensemble.h"
#include "experiments/runs/experiment.h"
#include "experiments/studies/study.h"
#include "experiments/studies/study_folder.h"

namespace kickdrum {
namespace fs = std::filesystem;
namespace {

struct ResumeOptions {
    CommonOptions common;
    std::string folder;
};

Work declare(CLI::App& app) {
    const auto options = std::make_shared<ResumeOptions>();
    add_argument(app, "RESULTS", options->folder,
                 "The results folder, of an experiment, a study or an ensemble");
    add_threads_option(app, options->common);
    add_cache_option(app, options->common);
    add_export_options(app, options->common);
    add_quiet_option(app, options->common);
    add_json_option(app, options->common, "Print summary.json on stdout, everything else on stderr");
    return [options](const std::string& command_line) {
        require_argument("resume", "a results folder", !options->folder.empty());
        const CommonOptions& common = options->common;
        const RunOptions run{.out = options->folder,
                             .cache = common.cache.empty() ? default_feature_cache() : fs::path(common.cache),
                             .quiet = common.quiet,
                             .json = common.json,
                             .threads = common.threads,
                             .command = command_line,
                             .exports = {.tensorboard = common.tensorboard, .mlflow = common.mlflow}};
        if (is_ensemble_folder(run.out)) return resume_ensemble(run);
        return is_study_folder(run.out) ? resume_study(run) : resume_experiment(run);
    };
}

}  // namespace

Command resume_command() {
    return {.name = "resume",
            .summary = "Go on with an experiment that was stopped, exactly where it stood",
            .arguments = "RESULTS",
            .description =
                "Goes on with the experiment of a results folder, however it was stopped: by Ctrl-C, an\n"
                "error that is mended now, a kill or a power cut. Weights, histories and predictions are\n"
                "the bits that a run without the stop gives. Data and device must be the same.",
            .example = "  kickdrum resume results/hard-techno-main",
            .declare = declare};
}

}  // namespace kickdrum
