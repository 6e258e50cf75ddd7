// SPDX-License-Identifier: MIT
#include "dsp/clip_features.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "dsp/audio_file.h"
#include "dsp/resample.h"
#include "dsp/resize_area.h"
#include "kernels/device/error.h"

namespace kickdrum {

namespace {

const ClipFeatureSettings& checked(const ClipFeatureSettings& settings) {
    require(settings.height >= 1 && settings.width >= 1,
            "features: the picture's sides must be at least 1, got {} x {}", settings.height, settings.width);
    return settings;
}

void check_finite(std::span<const float> samples) {
    bool finite = true;
    for (const float x : samples) finite &= std::isfinite(x);  // no early end: vectors
    require(finite, "features: some samples are not finite numbers");
}

// [bands, frames] dB, lowest band first, to grey with the highest band first.
std::vector<float> picture_of(const std::vector<float>& db, std::size_t bands, float top_db) {
    const std::size_t frames = db.size() / bands;
    std::vector<float> picture(db.size());
    for (std::size_t band = 0; band < bands; ++band) {
        const float* const source = db.data() + band * frames;
        float* const row = picture.data() + (bands - 1 - band) * frames;
        for (std::size_t frame = 0; frame < frames; ++frame)
            row[frame] = 1 - (source[frame] + top_db) / top_db;
    }
    return picture;
}

}  // namespace

ClipFeaturePlan::ClipFeaturePlan(const ClipFeatureSettings& settings, SimdLevel simd)
    : settings_(checked(settings)), log_mel_(settings.log_mel, simd) {}

void ClipFeaturePlan::compute(std::span<const float> samples, std::span<float> image) const {
    check_finite(samples);
    const LogMelSettings& log_mel = settings_.log_mel;
    const auto bands = static_cast<std::size_t>(log_mel.n_mels);
    const std::int64_t frames = log_mel_.frames(static_cast<std::int64_t>(samples.size()));
    std::vector<float> db(bands * static_cast<std::size_t>(frames));
    LogMelPlan::Scratch scratch;
    log_mel_.execute(samples, scratch, db);
    const std::vector<float> picture = picture_of(db, bands, static_cast<float>(log_mel.top_db));
    resize_area(picture, log_mel.n_mels, static_cast<int>(frames), image, settings_.height, settings_.width);
    // Weights that add up to 1 but for rounding.
    for (float& pixel : image) pixel = std::clamp(pixel, 0.0F, 1.0F);
}

void ClipFeaturePlan::compute(const std::filesystem::path& audio, std::span<float> image) const {
    const Audio clip = read_audio(audio);
    const int rate = settings_.log_mel.sample_rate;
    if (clip.sample_rate == rate) {
        compute(clip.samples, image);
    } else {
        compute(resample(clip.samples, clip.sample_rate, rate), image);
    }
}

}  // namespace kickdrum
