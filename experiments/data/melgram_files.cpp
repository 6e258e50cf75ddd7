// SPDX-License-Identifier: MIT
#include "experiments/data/melgram_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <mutex>
#include <thread>
#include <utility>

#include "dsp/audio_file.h"
#include "experiments/data/clip_length.h"
#include "experiments/data/content_hash.h"
#include "experiments/data/log_mel_recipe.h"
#include "experiments/data/mel_plot.h"
#include "experiments/data/npy.h"
#include "experiments/data/output_folder.h"
#include "experiments/data/png.h"
#include "kernels/device/error.h"
#include "kernels/device/thread_pool.h"

namespace kickdrum {
namespace {

class Writer {
 public:
    Writer(const ClipTable& table, const MelgramSettings& settings, const FeatureProgress& progress)
        : table_(table),
          settings_(settings),
          progress_(progress),
          recipe_(log_mel_recipe(settings.features).settings),
          plan_(clip_feature_settings(settings.features), best_simd_level()),
          pool_(settings.threads > 0 ? settings.threads
                                     : std::max(1, static_cast<int>(std::thread::hardware_concurrency()))),
          scratch_(static_cast<std::size_t>(pool_.threads())),
          out_(settings.out, settings.force) {}

    MelgramReport run() {
        pool_.parallel_for(std::ssize(table_.clips), [&](std::int64_t i, int thread) {
            if (stop_) return;
            const auto clip = static_cast<std::size_t>(i);
            write(clip, scratch_[static_cast<std::size_t>(thread)]);
            const std::lock_guard lock(mutex_);
            ++done_;
            if (progress_ && !stop_ && !progress_(done_, std::ssize(table_.clips))) stop_ = true;
        });
        std::ranges::sort(report_.bad, {}, &BadClip::clip);
        report_.stopped = stop_;
        return std::move(report_);
    }

 private:
    void write(std::size_t index, LogMelPlan::Scratch& scratch) {
        const Clip& clip = table_.clips[index];
        if (clip.audio.empty())
            return bad(index, "there is no audio file of this name; add the file or remove the row");
        if (const std::string reason = reason_against_file_name(clip.id); !reason.empty())
            return bad(index, fmt::format("its name {}, but is to be the name of a file", reason));
        const std::string name =
            fmt::format("{}.{}", clip.id, settings_.format == MelgramFormat::npy ? "npy" : "png");
        const FileStamp stamp = stamp_of(clip.audio).value_or(FileStamp{});
        const std::string origin =
            fmt::format("melgram 1 {} kind {} of '{}' {} {}", recipe_, static_cast<int>(settings_.kind),
                        clip.audio.filename().string(), stamp.size, stamp.modified_ns);
        switch (out_.state(name, origin)) {
            case OutputFolder::State::done: return count(report_.kept);
            case OutputFolder::State::foreign:
                return bad(index, fmt::format("'{}' is there already, and not from this command; --force "
                                              "replaces it",
                                              (settings_.out / name).string()));
            case OutputFolder::State::to_make: break;
        }
        try {
            out_.write(name, origin, contents(clip.audio, scratch));
            count(report_.written);
        } catch (const AudioError& error) {
            bad(index, error.what());
        }
    }

    std::string contents(const std::filesystem::path& audio, LogMelPlan::Scratch& scratch) const {
        const FeatureConfig& f = settings_.features;
        if (settings_.kind == MelgramKind::picture) {
            std::vector<float> image(static_cast<std::size_t>(f.height) * static_cast<std::size_t>(f.width));
            plan_.compute(read_clip(audio, f), image);
            if (settings_.format == MelgramFormat::npy) return npy_matrix(image, f.height, f.width);
            std::vector<std::uint8_t> grey(image.size());
            std::ranges::transform(image, grey.begin(),
                                   [](float x) { return static_cast<std::uint8_t>(std::lround(x * 255)); });
            return encode_png(grey, f.width, f.height, 1);
        }
        const std::vector<float> samples = read_clip(audio, f);
        const std::int64_t frames = plan_.log_mel().frames(std::ssize(samples));
        std::vector<float> db(static_cast<std::size_t>(f.n_mels * frames));
        plan_.log_mel().execute(samples, scratch, db);
        if (settings_.format == MelgramFormat::npy) return npy_matrix(db, f.n_mels, frames);
        const Canvas canvas = mel_plot(db, plan_.settings().log_mel);
        return encode_png(canvas.pixels(), canvas.width(), canvas.height(), 3);
    }

    void count(std::int64_t& number) {
        const std::lock_guard lock(mutex_);
        ++number;
    }
    void bad(std::size_t clip, std::string reason) {
        const std::lock_guard lock(mutex_);
        report_.bad.push_back({.clip = clip, .reason = std::move(reason)});
    }

    const ClipTable& table_;
    const MelgramSettings& settings_;
    const FeatureProgress& progress_;
    std::string recipe_;
    ClipFeaturePlan plan_;
    ThreadPool pool_;
    std::vector<LogMelPlan::Scratch> scratch_;  // by thread
    OutputFolder out_;
    std::atomic<bool> stop_{false};
    std::mutex mutex_;  // of report_ and done_
    MelgramReport report_;
    std::int64_t done_ = 0;
};

}  // namespace

MelgramReport write_melgrams(const ClipTable& table, const MelgramSettings& settings,
                             const FeatureProgress& progress) {
    const bool plot = settings.kind == MelgramKind::plot;
    require(!(plot && settings.format == MelgramFormat::npy), "melgrams: a plot is no array");
    require(settings.kind != MelgramKind::decibels || settings.format == MelgramFormat::npy,
            "melgrams: decibels are no picture");
    return Writer(table, settings, progress).run();
}

}  // namespace kickdrum
