// SPDX-License-Identifier: MIT
// From a clip to the picture that a network sees: log-mel spectrogram (dsp/log_mel.h), as a grey picture that
// is white (1) at -top_db and below and black (0) at the loudest point, the highest band in row 0, resized by
// area. It is what drawing the spectrogram with a reversed grey colour map gives, without the detour through
// a plot.
#pragma once

#include <filesystem>
#include <span>

#include "dsp/log_mel.h"

namespace kickdrum {

struct ClipFeatureSettings {
    LogMelSettings log_mel;
    int height = 128;  // mel bands
    int width = 128;   // frames
};

// Immutable once built: many threads may share one plan.
class ClipFeaturePlan {
 public:
    // Throws InvalidArgument where the settings make no sense: see LogMelPlan; height and width must be at
    // least 1.
    ClipFeaturePlan(const ClipFeatureSettings& settings, SimdLevel simd);

    const ClipFeatureSettings& settings() const { return settings_; }
    const LogMelPlan& log_mel() const { return log_mel_; }

    // samples: mono, at settings().log_mel.sample_rate; image: [height, width] in [0, 1]. Throws
    // InvalidArgument where a sample isn't finite or the image has another size.
    void compute(std::span<const float> samples, std::span<float> image) const;

    // The same of a whole audio file of any rate and number of channels. Throws AudioError (dsp/audio_file.h)
    // where it can't be used.
    void compute(const std::filesystem::path& audio, std::span<float> image) const;

 private:
    ClipFeatureSettings settings_;
    LogMelPlan log_mel_;
};

}  // namespace kickdrum
