// SPDX-License-Identifier: MIT
#include "experiments/data/demo_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <thread>

#include "experiments/data/demo/experiment_text.h"
#include "experiments/data/demo/folder.h"
#include "experiments/data/demo/plan.h"
#include "experiments/data/demo/render.h"
#include "experiments/data/encode_audio.h"
#include "experiments/diagnostics.h"
#include "experiments/files.h"
#include "kernels/device/thread_pool.h"

namespace kickdrum {
namespace {

void check(const DemoOptions& options) {
    Problems problems;
    const auto range = [&](bool good, std::string_view what, std::string_view allowed) {
        if (!good) problems.add({.message = fmt::format("{} must be {}", what, allowed)});
    };
    range(options.tracks_per_style >= 1 && options.tracks_per_style <= 10000, "tracks per style",
          "1 to 10000");
    range(options.clips_per_track >= 1 && options.clips_per_track <= 100, "clips per track", "1 to 100");
    range(options.seconds >= 0.5 && options.seconds <= 60, "seconds of a clip", "0.5 to 60");
    range(options.wrong_labels >= 0 && options.wrong_labels <= 1, "the share of wrong labels", "0 to 1");
    range(options.threads >= 0, "threads", "0 (all processors) or more");
    problems.throw_if_any(ExitCode::usage);
}

void write_clip(const std::filesystem::path& clips, const demo::Plan& plan, std::size_t i,
                const DemoOptions& options) {
    const demo::PlannedClip& clip = plan.clips[i];
    const demo::Track& track = plan.tracks[static_cast<std::size_t>(clip.track)];
    const AudioFormat format = writable_format(track.format);
    const auto samples = demo::render_clip(track, options.seed, clip.track, clip.index, options.seconds);
    write_file_atomically(
        clips / fmt::format("{}.{}", clip.id, extension(format)),
        encode_audio(samples, track.sample_rate, format, static_cast<std::uint32_t>(i + 1)));
}

}  // namespace

DemoData write_demo_data(const std::filesystem::path& folder, const DemoOptions& options,
                         const std::function<bool(std::int64_t, std::int64_t)>& progress) {
    check(options);
    const demo::Plan plan = demo::plan_demo_data(options);
    demo::prepare_folder(folder);

    const auto total = static_cast<std::int64_t>(plan.clips.size());
    std::mutex mutex;
    std::int64_t done = 0;
    const unsigned processors = std::max(1U, std::thread::hardware_concurrency());
    ThreadPool pool(options.threads > 0 ? options.threads : static_cast<int>(processors));
    pool.parallel_for(total, [&](std::int64_t i, int) {
        write_clip(folder / "clips", plan, static_cast<std::size_t>(i), options);
        const std::lock_guard lock(mutex);
        if (!progress || progress(++done, total)) return;
        throw UserError(
            ExitCode::interrupted,
            fmt::format("stopped after {} of {} clips; the same command starts again", done, total));
    });
    demo::write_tables(folder, demo::labels_csv(plan), demo::experiment_text());
    return {static_cast<int>(total), static_cast<int>(plan.tracks.size()), folder / "experiment.yaml"};
}

}  // namespace kickdrum
