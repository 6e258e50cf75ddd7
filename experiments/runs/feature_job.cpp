// SPDX-License-Identifier: MIT
#include "experiments/runs/feature_job.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

#include "dsp/audio_file.h"
#include "dsp/clip_features.h"
#include "experiments/data/npy.h"
#include "experiments/diagnostics.h"
#include "experiments/files.h"
#include "kernels/device/thread_pool.h"

namespace kickdrum {
namespace {

namespace fs = std::filesystem;

void write_matrices(const Clip& clip, FeatureSet set, const ClipFrames& frames, const fs::path& folder) {
    for (const auto& [name, matrix] : frames_of(set, frames)) {
        write_file_atomically(folder / fmt::format("{}.{}.npy", clip.id, name),
                              npy_matrix(matrix->values, matrix->rows, matrix->frames));
    }
}

void make_folder(const fs::path& folder) {
    std::error_code error;
    fs::create_directories(folder, error);
    if (!error) return;
    throw UserError(ExitCode::failed,
                    fmt::format("can't make the folder '{}': {}; choose another one with --frames",
                                folder.string(), error.message()));
}

}  // namespace

FrameFiles write_frame_files(const ClipTable& clips, FeatureSet set, const fs::path& folder, int threads,
                             const FeatureProgress& progress) {
    make_folder(folder);
    ThreadPool pool(threads > 0 ? threads
                                : std::max(1, static_cast<int>(std::thread::hardware_concurrency())));
    const FeaturePlan plan(set, best_simd_level());
    std::vector<FramePass::Scratch> scratch(static_cast<std::size_t>(pool.threads()));
    const auto total = static_cast<std::int64_t>(clips.clips.size());
    FrameFiles files;
    std::atomic<bool> stop{false};
    std::mutex mutex;
    std::int64_t done = 0;
    pool.parallel_for(total, [&](std::int64_t index, int thread) {
        if (stop) return;
        const Clip& clip = clips.clips[static_cast<std::size_t>(index)];
        std::string reason;
        try {
            if (clip.audio.empty()) {
                reason = "there is no audio file of this name; add the file or remove the row";
            } else {
                const auto samples = read_samples(clip.audio, kFeatureSampleRate);
                write_matrices(clip, set,
                               plan.pass().compute(samples, scratch[static_cast<std::size_t>(thread)]),
                               folder);
            }
        } catch (const AudioError& error) {
            reason = error.what();
        }
        const std::lock_guard lock(mutex);
        if (reason.empty()) {
            ++files.written;
        } else {
            files.bad.push_back({.clip = static_cast<std::size_t>(index), .reason = reason});
        }
        if (progress && !stop && !progress(++done, total)) stop = true;
    });
    std::ranges::sort(files.bad, {}, &BadClip::clip);
    files.stopped = stop;
    return files;
}

}  // namespace kickdrum
