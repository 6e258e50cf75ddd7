// SPDX-License-Identifier: MIT
// kickdrum demo-data: the built-in synthetic data set.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "experiments/commands/all_commands.h"
#include "experiments/commands/options.h"
#include "experiments/commands/program.h"
#include "experiments/data/demo_data.h"
#include "experiments/runs/interrupt.h"
#include "experiments/runs/progress.h"

namespace kickdrum {
namespace {

struct DemoDataOptions {
    CommonOptions common;
    std::string folder;
    std::int64_t seed = 42;
    std::int64_t tracks = DemoOptions{}.tracks_per_style;
    std::int64_t clips = DemoOptions{}.clips_per_track;
};

ExitCode write(const DemoDataOptions& options) {
    require_argument("demo-data", "the folder to write", !options.folder.empty());
    const bool json = options.common.json;
    Progress progress(json ? std::cerr : std::cout, progress_style(json ? 2 : 1, options.common.quiet));
    const InterruptGuard interrupt;
    progress.stage("Demo data");
    const DemoData data = write_demo_data(options.folder,
                                          {.seed = static_cast<std::uint64_t>(options.seed),
                                           .tracks_per_style = static_cast<int>(options.tracks),
                                           .clips_per_track = static_cast<int>(options.clips),
                                           .threads = options.common.threads},
                                          [&](std::int64_t done, std::int64_t total) {
                                              progress.stage_progress(done, total);
                                              return !interrupt.interrupted();
                                          });
    progress.stage_done(fmt::format("{} clips of {} tracks", data.clips, data.tracks));
    const std::string experiment = data.experiment.string();
    if (json) {
        const nlohmann::ordered_json document{
            {"clips", data.clips}, {"tracks", data.tracks}, {"experiment", experiment}};
        print(document.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + '\n');
    } else {
        print(options.common.quiet ? experiment + '\n'
                                   : fmt::format("Train on it: kickdrum run {}\n", experiment));
    }
    return ExitCode::done;
}

Work declare(CLI::App& app) {
    const auto options = std::make_shared<DemoDataOptions>();
    add_argument(app, "DIR", options->folder, "The folder to write: new, empty, or of an earlier call");
    add_integer_option(app, "--seed", options->seed, 0, INT64_MAX, "N",
                       "Another seed, other tracks (default: 42)");
    add_integer_option(app, "--tracks", options->tracks, 1, 100000, "N",
                       fmt::format("Tracks of each style (default: {})", options->tracks));
    add_integer_option(app, "--clips", options->clips, 1, 1000, "N",
                       fmt::format("Clips of each track (default: {})", options->clips));
    add_threads_option(app, options->common);
    add_quiet_option(app, options->common);
    add_json_option(app, options->common, "Print what was written as one JSON document");
    return [options](const std::string&) { return write(*options); };
}

}  // namespace

Command demo_data_command() {
    return {.name = "demo-data",
            .summary = "Write a synthetic data set: audio, labels, an experiment file",
            .arguments = "DIR",
            .description =
                "Writes a small data set of synthetic techno in five styles: clips/, labels.csv and\n"
                "experiment.yaml, ready to run. The same seed gives the same sound.",
            .example = "  kickdrum demo-data demo && kickdrum run demo/experiment.yaml",
            .declare = declare};
}

}  // namespace kickdrum
