// SPDX-License-Identifier: MIT
#include "benchmarks/features/stages.h"

#include <algorithm>

#include "dsp/features/mfcc.h"
#include "dsp/window.h"

namespace kickdrum {

namespace {

constexpr int kBins = kFeatureFft / 2 + 1;
constexpr double kHzPerBin = static_cast<double>(kFeatureSampleRate) / kFeatureFft;
constexpr int kMfcc = 20;

}  // namespace

Stages::Stages(const LogMelSettings& log_mel)
    : log_mel_(log_mel, simd_),
      mel_({.sample_rate = kFeatureSampleRate,
            .n_fft = kFeatureFft,
            .hop_length = kFeatureHop,
            .n_mels = kFeatureMels,
            .fmin = 0,
            .fmax = kFeatureSampleRate / 2.0},
           simd_),
      fft_(kFeatureFft, hann_window(kFeatureFft)),
      cosines_(cosine_transform(kMfcc, kFeatureMels)) {}

const std::vector<float>& Stages::log_mel(std::span<const float> samples) {
    const std::int64_t frames = log_mel_.frames(static_cast<std::int64_t>(samples.size()));
    db_.resize(static_cast<std::size_t>(log_mel_.settings().n_mels * frames));
    log_mel_.execute(samples, scratch_, db_);
    return db_;
}

void Stages::stft(std::span<const float> samples) {
    const int lanes = transforms_.lanes;
    const RealFft& fft = fft_.fft();
    frames_ = 1 + static_cast<std::int64_t>(samples.size()) / kFeatureHop;
    float* const work = work_.at_least(fft.work_rows * lanes);
    float* const power = power_.at_least((frames_ + lanes - 1) / lanes * kBins * lanes);
    for (std::int64_t frame = 0; frame < frames_; frame += lanes) {
        const float* const piece = padded_piece(samples, frame * kFeatureHop - fft.half,
                                                std::int64_t{lanes - 1} * kFeatureHop + kFeatureFft, piece_);
        transforms_.power(fft, piece, kFeatureHop, work, power + frame * kBins);
    }
}

void Stages::mfcc(std::span<const float> samples) {
    FrameMatrix mel(kFeatureMels, mel_.frames(static_cast<std::int64_t>(samples.size())));
    mel_.execute(samples, scratch_, mel.values);
    mfcc_of(mel, cosines_.view(), kernels_);
}

void Stages::chroma(std::span<const float> samples) {
    stft(samples);
    const int lanes = transforms_.lanes;
    const BinRange range = pitch_range(kBins, kHzPerBin);
    peaks_.resize(static_cast<std::size_t>(frames_ + lanes) * kBins / 2);
    int found = 0;
    for (std::int64_t frame = 0; frame < frames_; frame += lanes) {
        const auto valid = static_cast<int>(std::min<std::int64_t>(lanes, frames_ - frame));
        found += kernels_.peaks(power_.data() + frame * kBins, kBins, range, kPeakThreshold, valid,
                                peaks_.data() + found);
    }
    const BlockedMatrix filters =
        bank_.filters(estimate_tuning({peaks_.data(), static_cast<std::size_t>(found)}, kHzPerBin));
    FrameMatrix chroma(kPitchClasses, (frames_ + lanes - 1) / lanes * lanes);
    for (std::int64_t frame = 0; frame < frames_; frame += lanes) {
        kernels_.combine(filters, power_.data() + frame * kBins, lanes, lanes, chroma.values.data() + frame,
                         chroma.frames);
    }
    normalize_chroma(chroma.values);
}

void Stages::features(const FeaturePlan& plan, std::span<const float> samples) {
    values_.resize(plan.size());
    plan.compute(samples, pass_scratch_, values_);
}

}  // namespace kickdrum
