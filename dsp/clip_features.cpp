// SPDX-License-Identifier: MIT
#include "dsp/clip_features.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "dsp/audio_file.h"
#include "dsp/resample.h"
#include "kernels/device/error.h"

namespace kickdrum {

namespace {

void check_finite(std::span<const float> samples) {
    bool finite = true;
    for (const float x : samples) finite &= std::isfinite(x);  // no early end: vectors
    require(finite, "features: some samples are not finite numbers");
}

}  // namespace

ClipFeaturePlan::ClipFeaturePlan(const ClipFeatureSettings& settings, SimdLevel simd)
    : settings_(settings),
      log_mel_(settings.log_mel, simd),
      picture_(settings.log_mel.n_mels, settings.log_mel.sample_rate, settings.height, settings.width) {}

void ClipFeaturePlan::compute(std::span<const float> samples, std::span<float> image) const {
    check_finite(samples);
    const LogMelSettings& log_mel = settings_.log_mel;
    const std::int64_t frames = log_mel_.frames(static_cast<std::int64_t>(samples.size()));
    std::vector<float> db(static_cast<std::size_t>(log_mel.n_mels * frames));
    LogMelPlan::Scratch scratch;
    log_mel_.execute(samples, scratch, db);
    if (settings_.image == ClipImage::smooth) {
        picture_.smooth(db, static_cast<float>(log_mel.top_db), image);
        return;
    }
    std::vector<std::uint8_t> bytes(image.size());
    picture_.specshow_gray(db, bytes);
    std::transform(bytes.begin(), bytes.end(), image.begin(),
                   [](std::uint8_t byte) { return static_cast<float>(byte) / 255; });
}

void ClipFeaturePlan::compute(const std::filesystem::path& audio, std::span<float> image) const {
    compute(read_samples(audio, settings_.log_mel.sample_rate), image);
}

std::vector<float> read_samples(const std::filesystem::path& audio, int sample_rate) {
    Audio clip = read_audio(audio);
    if (clip.sample_rate == sample_rate) return std::move(clip.samples);
    return resample(clip.samples, clip.sample_rate, sample_rate);
}

}  // namespace kickdrum
