// SPDX-License-Identifier: MIT
#include "experiments/data/cut_clips.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <map>
#include <mutex>
#include <new>
#include <optional>
#include <span>
#include <thread>

#include "dsp/audio_file.h"
#include "dsp/resample.h"
#include "experiments/data/audio_files.h"
#include "experiments/data/clip_time.h"
#include "experiments/data/content_hash.h"
#include "experiments/data/output_folder.h"
#include "kernels/device/thread_pool.h"

namespace kickdrum {
namespace fs = std::filesystem;
namespace {

constexpr float kSilence = 1e-6F;

struct Track {
    std::string name;
    std::vector<const TrackClip*> clips;
};

std::vector<Track> by_track(const std::vector<TrackClip>& clips) {
    std::map<std::string_view, std::size_t> index;
    std::vector<Track> tracks;
    for (const TrackClip& clip : clips) {
        const auto [at, added] = index.emplace(clip.track, tracks.size());
        if (added) tracks.push_back({.name = clip.track, .clips = {}});
        tracks[at->second].clips.push_back(&clip);
    }
    return tracks;
}

class Cutter {
 public:
    Cutter(const TrackRows& rows, const CutSettings& settings, const CutProgress& progress)
        : rows_(rows),
          settings_(settings),
          progress_(progress),
          total_(std::ssize(rows.clips)),
          out_(settings.out, settings.force) {
        if (rows.by_filename) return;
        Problems problems;
        files_ = audio_files(settings.audio, problems);
        problems.throw_if_any(ExitCode::data);
    }

    CutReport run() {
        const std::vector<Track> tracks = by_track(rows_.clips);
        const int processors = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
        ThreadPool pool(settings_.threads > 0 ? settings_.threads : processors);
        pool.parallel_for(std::ssize(tracks), [&](std::int64_t i, int) {
            if (!report_.stopped) cut(tracks[static_cast<std::size_t>(i)]);
        });
        std::ranges::stable_sort(report_.bad, {}, &Diagnostic::line);
        std::ranges::stable_sort(report_.notes, {}, &Diagnostic::line);
        return {.written = report_.written,
                .kept = report_.kept,
                .bad = std::move(report_.bad),
                .notes = std::move(report_.notes),
                .stopped = report_.stopped};
    }

 private:
    struct Shared {
        std::int64_t written = 0;
        std::int64_t kept = 0;
        std::vector<Diagnostic> bad;
        std::vector<Diagnostic> notes;
        std::atomic<bool> stopped{false};
    };

    std::string file_name(const TrackClip& clip) const {
        return fmt::format("{}.{}", clip.id, extension(settings_.format));
    }

    std::string origin(const TrackClip& clip, const FileStamp& stamp) const {
        return fmt::format("clip 1 '{}' {} {} from {:a} to {:a} format {} rate {}", clip.track, stamp.size,
                           stamp.modified_ns, clip.start, clip.end, static_cast<int>(settings_.format),
                           settings_.sample_rate);
    }

    // The track's file; nothing where there is none, or not one alone. `reason` says why.
    std::optional<fs::path> file_of(const std::string& track, std::string& reason) const {
        if (rows_.by_filename) {
            const fs::path name(track);
            if (name.is_absolute() || std::ranges::count(name, "..") > 0) {
                reason = "leads out of the audio folder: write the path below it";
                return std::nullopt;
            }
            return settings_.audio / name;
        }
        const auto found = files_.find(track);
        if (found == files_.end()) {
            reason =
                fmt::format("has no audio file in '{}': add it or remove the row", settings_.audio.string());
            return std::nullopt;
        }
        if (found->second.size() == 1) return found->second.front();
        reason = fmt::format("has {} audio files, '{}' and '{}': keep one", found->second.size(),
                             found->second[0].string(), found->second[1].string());
        return std::nullopt;
    }

    void cut(const Track& track) {
        std::string reason;
        const auto file = file_of(track.name, reason);
        if (!file) return bad_track(track.clips, fmt::format("the track '{}' {}", track.name, reason));
        std::vector<const TrackClip*> to_make;
        const FileStamp stamp = stamp_of(*file).value_or(FileStamp{});
        for (const TrackClip* clip : track.clips) {
            switch (out_.state(file_name(*clip), origin(*clip, stamp))) {
                case OutputFolder::State::to_make: to_make.push_back(clip); break;
                case OutputFolder::State::done: finish(report_.kept); break;
                case OutputFolder::State::foreign:
                    bad_clip(*clip, fmt::format("'{}' is there already, and not from this command; --force "
                                                "replaces it",
                                                (settings_.out / file_name(*clip)).string()));
            }
        }
        if (to_make.empty()) return;
        try {
            const Audio audio = read_audio(*file);
            for (const TrackClip* clip : to_make) {
                if (!report_.stopped) write(*clip, audio, stamp);
            }
        } catch (const AudioError& error) {
            bad_track(to_make, fmt::format("the track '{}' can't be used: {}", file->string(), error.what()));
        } catch (const std::bad_alloc&) {
            bad_track(to_make, fmt::format("the track '{}' is too long for the memory here; cut it into "
                                           "shorter files, or use fewer --threads",
                                           file->string()));
        }
    }

    void write(const TrackClip& clip, const Audio& audio, const FileStamp& stamp) {
        const double rate = audio.sample_rate;
        const auto all = std::ssize(audio.samples);
        const std::int64_t first = std::llround(clip.start * rate);
        const std::int64_t last = std::min<std::int64_t>(std::llround(clip.end * rate), all);
        if (first >= all) {
            return bad_clip(clip, fmt::format("the clip '{}' begins at {}, but its track ends at {}", clip.id,
                                              clip_time_text(clip.start),
                                              clip_time_text(static_cast<double>(all) / rate)));
        }
        const std::span<const float> piece =
            std::span(audio.samples)
                .subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(last - first));
        if (std::ranges::none_of(piece, [](float x) { return std::abs(x) > kSilence; })) {
            return bad_clip(
                clip, fmt::format("the clip '{}' would be silent throughout; choose another place", clip.id));
        }
        const int to_rate = settings_.sample_rate > 0 ? settings_.sample_rate : audio.sample_rate;
        if (!can_write(settings_.format, to_rate)) {
            return bad_clip(clip,
                            fmt::format("{} can't have the {} Hz of the track '{}'; give another --rate, "
                                        "such as 44100",
                                        extension(settings_.format), to_rate, clip.track));
        }
        const auto serial = static_cast<std::uint32_t>(clip.row);
        const std::string bytes = to_rate == audio.sample_rate
                                      ? encode_audio(piece, to_rate, settings_.format, serial)
                                      : encode_audio(resample(piece, audio.sample_rate, to_rate), to_rate,
                                                     settings_.format, serial);
        out_.write(file_name(clip), origin(clip, stamp), bytes);
        const double length = static_cast<double>(last - first) / rate;
        const std::lock_guard lock(mutex_);
        if (length < clip.end - clip.start - 0.001) {
            report_.notes.push_back(
                at_row(clip, fmt::format("the clip '{}' has {:.3g} s instead of {:.3g}: its track ends",
                                         clip.id, length, clip.end - clip.start)));
        }
        finish_locked(report_.written);
    }

    Diagnostic at_row(const TrackClip& clip, std::string message) const {
        return {
            .message = std::move(message), .file = settings_.table.string(), .line = clip.row, .column = 1};
    }

    void bad_clip(const TrackClip& clip, std::string message) {
        const std::lock_guard lock(mutex_);
        report_.bad.push_back(at_row(clip, std::move(message)));
        finish_locked(bad_);
    }

    // One message for all clips of the track.
    void bad_track(const std::vector<const TrackClip*>& clips, std::string message) {
        if (clips.size() > 1) message += fmt::format(" ({} clips, lines", clips.size());
        for (std::size_t i = 0; clips.size() > 1 && i < clips.size(); ++i)
            message += fmt::format("{} {}", i == 0 ? "" : ",", clips[i]->row);
        if (clips.size() > 1) message += ')';
        const std::lock_guard lock(mutex_);
        report_.bad.push_back(at_row(*clips.front(), std::move(message)));
        for (std::size_t i = 0; i < clips.size(); ++i) finish_locked(bad_);
    }

    void finish(std::int64_t& count) {
        const std::lock_guard lock(mutex_);
        finish_locked(count);
    }

    void finish_locked(std::int64_t& count) {
        ++count;
        ++done_;
        if (progress_ && !report_.stopped && !progress_(done_, total_)) report_.stopped = true;
    }

    const TrackRows& rows_;
    const CutSettings& settings_;
    const CutProgress& progress_;
    std::int64_t total_;
    OutputFolder out_;
    std::map<std::string, std::vector<fs::path>> files_;
    std::mutex mutex_;  // of the counts and of report_
    Shared report_;
    std::int64_t done_ = 0;
    std::int64_t bad_ = 0;
};

}  // namespace

CutReport cut_clips(const TrackRows& rows, const CutSettings& settings, const CutProgress& progress) {
    return Cutter(rows, settings, progress).run();
}

}  // namespace kickdrum
