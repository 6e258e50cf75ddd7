// SPDX-License-Identifier: MIT
#include "experiments/predict/track_predictor.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <mutex>

#include "dsp/audio_file.h"
#include "experiments/data/clip_length.h"
#include "experiments/data/log_mel_recipe.h"
#include "experiments/diagnostics.h"
#include "experiments/predict/read_ahead.h"
#include "kernels/device/context.h"
#include "kernels/device/error.h"

namespace kickdrum {
namespace {

constexpr float kSilentPeak = 1e-6F;  // as dsp/audio_file.h has it

bool is_silent(std::span<const float> samples) {
    return std::ranges::all_of(samples, [](float x) { return std::abs(x) < kSilentPeak; });
}

std::int64_t samples_of(double seconds, int rate) {
    return std::max<std::int64_t>(1, std::llround(seconds * rate));
}

}  // namespace

TrackPredictor::Track::Track(std::string track_name, const PredictSettings& settings, int classes)
    : builder(classes, settings.stride, settings.hysteresis) {
    result.name = std::move(track_name);
}

TrackPredictor::TrackPredictor(Context& context, const ModelFile& model, const PredictSettings& settings)
    : context_(context),
      model_(model),
      settings_(settings),
      rate_(model.features->sample_rate),
      features_(clip_feature_settings(*model.features), best_simd_level()),
      network_(context, model.network, model.inference(settings.batch)) {
    if (!settings.layer.empty()) {
        try {
            embedding_.emplace(context, model.network, model.inference(settings.batch), settings.layer);
        } catch (const InvalidArgument& error) {
            throw UserError(ExitCode::usage, fmt::format("--embed can't be had: {}", error.what()));
        }
    }
    images_.resize(static_cast<std::size_t>(settings.batch * model.clip_shape().count()));
}

std::int64_t TrackPredictor::embedding_width() const {
    return embedding_ ? embedding_->output().count() : 0;
}

bool TrackPredictor::run(const std::vector<TrackInput>& inputs, const PredictHooks& hooks) {
    hooks_ = &hooks;
    std::deque<std::unique_ptr<ReadAhead>> readers;
    std::size_t started = 0;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        while (started < inputs.size() && started < i + static_cast<std::size_t>(settings_.readers))
            readers.push_back(std::make_unique<ReadAhead>(inputs[started++].open, rate_));
        tracks_.emplace_back(inputs[i].name, settings_, model_.network.classes);
        if (!read_track(*readers.front(), tracks_.back())) return false;
        readers.pop_front();
    }
    flush();
    return true;
}

// Returns false where it was stopped.
bool TrackPredictor::read_track(ReadAhead& reader, Track& track) {
    WindowCutter cutter(samples_of(settings_.window, rate_), samples_of(settings_.stride, rate_));
    std::vector<TrackWindow> windows;
    try {
        for (;;) {
            if (hooks_->go_on && !hooks_->go_on()) return false;
            if (settings_.live && !pending_.empty() && reader.would_wait()) flush();
            const std::vector<float> piece = reader.next();
            if (piece.empty()) break;
            if (!std::ranges::all_of(piece, [](float x) { return std::isfinite(x); })) {
                throw AudioError(AudioError::Kind::not_finite,
                                 "it holds samples that are no numbers (NaN or infinity); export it again");
            }
            cutter.push(piece, windows);
            take(track, windows);
        }
        cutter.finish(windows);
        take(track, windows);
        if (cutter.samples() == 0)
            throw AudioError(AudioError::Kind::empty, "it has no samples; export it again or leave it out");
        track.result.seconds = static_cast<double>(cutter.samples()) / rate_;
    } catch (const AudioError& error) {
        track.result.problem = error.what();
    }
    track.ended = true;
    return true;
}

void TrackPredictor::take(Track& track, std::vector<TrackWindow>& windows) {
    for (TrackWindow& window : windows) {
        pending_.push_back({.track = &track, .window = std::move(window)});
        if (std::ssize(pending_) == settings_.batch) flush();
    }
    windows.clear();
}

void TrackPredictor::flush() {
    const auto clip = static_cast<std::size_t>(model_.clip_shape().count());
    std::vector<std::size_t> heard;  // of pending_
    for (std::size_t i = 0; i < pending_.size(); ++i) {
        if (!is_silent(pending_[i].window.samples)) heard.push_back(i);
    }
    std::mutex mutex;
    context_.pool().parallel_for(std::ssize(heard), [&](std::int64_t i, int) {
        Pending& one = pending_[heard[static_cast<std::size_t>(i)]];
        const auto image = std::span(images_).subspan(static_cast<std::size_t>(i) * clip, clip);
        try {
            std::vector<float> samples = one.window.samples;
            fit_length(samples, *model_.features);
            features_.compute(samples, image);
        } catch (const AudioError& error) {
            const std::lock_guard lock(mutex);
            one.track->result.problem = error.what();
        }
    });
    const auto images = std::span<const float>(images_).first(heard.size() * clip);
    const std::vector<float> probabilities = network_.probabilities(images);
    std::vector<float> rows;
    if (embedding_) rows = embedding_->outputs(images);
    const auto classes = static_cast<std::size_t>(model_.network.classes);
    const auto width = static_cast<std::size_t>(embedding_width());
    std::size_t next = 0;
    for (std::size_t i = 0; i < pending_.size(); ++i) {
        if (next == heard.size() || heard[next] != i) {
            score(pending_[i], {});
            continue;
        }
        score(pending_[i], std::span(probabilities).subspan(next * classes, classes));
        const auto row = std::span(rows).subspan(next * width, width);
        std::vector<float>& kept = pending_[i].track->result.embeddings;
        kept.insert(kept.end(), row.begin(), row.end());
        ++next;
    }
    pending_.clear();
    while (!tracks_.empty() && tracks_.front().ended) {
        Track& track = tracks_.front();
        std::vector<Segment> done;
        if (track.result.problem.empty()) {
            track.builder.finish(track.result.seconds, done);
            settle(track, done);
            track.result.steps = track.builder.steps();
            for (const Segment& step : track.result.steps)
                if (step.label == kSilence) track.result.silent_seconds += step.end - step.begin;
        }
        if (hooks_->on_track) hooks_->on_track(std::move(track.result));
        tracks_.pop_front();
    }
}

void TrackPredictor::score(Pending& pending, std::span<const float> probabilities) {
    Track& track = *pending.track;
    const double begin = static_cast<double>(pending.window.begin) / rate_;
    std::vector<Segment> done;
    track.builder.add({.begin = begin,
                       .end = begin + static_cast<double>(pending.window.samples.size()) / rate_,
                       .probabilities = {probabilities.begin(), probabilities.end()}},
                      done);
    ++track.result.windows;
    settle(track, done);
}

void TrackPredictor::settle(Track& track, std::vector<Segment>& done) {
    for (Segment& segment : done) {
        if (hooks_->on_segment && track.result.problem.empty())
            hooks_->on_segment(track.result.name, segment);
        track.result.segments.push_back(std::move(segment));
    }
}

}  // namespace kickdrum
