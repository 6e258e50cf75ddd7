// SPDX-License-Identifier: MIT
// From a clip to the picture that a network sees: decoding, resampling, log-mel spectrogram (dsp/log_mel.h),
// picture (dsp/mel_picture.h).
#pragma once

#include <filesystem>
#include <span>
#include <vector>

#include "dsp/log_mel.h"
#include "dsp/mel_picture.h"

namespace kickdrum {

enum class ClipImage {
    smooth,         // `image: float`
    specshow_gray,  // `image: specshow_gray`, bytes divided by 255
};

struct ClipFeatureSettings {
    LogMelSettings log_mel;
    int height = 128;  // frequency, the highest band in row 0
    int width = 128;   // time
    ClipImage image = ClipImage::smooth;
};

// Immutable once built: many threads may share one plan.
class ClipFeaturePlan {
 public:
    // Throws InvalidArgument where the settings make no sense: see LogMelPlan; height and width must be at
    // least 1.
    ClipFeaturePlan(const ClipFeatureSettings& settings, SimdLevel simd);

    const ClipFeatureSettings& settings() const { return settings_; }
    const LogMelPlan& log_mel() const { return log_mel_; }
    const MelPicture& picture() const { return picture_; }

    // samples: mono, at settings().log_mel.sample_rate; image: [height, width], 0 (black, the loudest point)
    // to 1. Throws InvalidArgument where a sample isn't finite or the image has another size.
    void compute(std::span<const float> samples, std::span<float> image) const;

    // The same of a whole audio file of any rate and number of channels. Throws AudioError (dsp/audio_file.h)
    // where it can't be used.
    void compute(const std::filesystem::path& audio, std::span<float> image) const;

 private:
    ClipFeatureSettings settings_;
    LogMelPlan log_mel_;
    MelPicture picture_;
};

// A whole audio file as mono samples at this rate. Throws AudioError.
std::vector<float> read_samples(const std::filesystem::path& audio, int sample_rate);

}  // namespace kickdrum
