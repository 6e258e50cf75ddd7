// SPDX-License-Identifier: MIT
#include "experiments/data/clip_length.h"

#include <fmt/format.h>

#include <cmath>

#include "dsp/audio_file.h"
#include "dsp/clip_features.h"

namespace kickdrum {

void fit_length(std::vector<float>& samples, const FeatureConfig& features) {
    if (!features.seconds) return;
    constexpr double kTolerance = 0.05;  // seconds: encoders add and drop frames
    const double rate = features.sample_rate;
    const auto wanted = static_cast<std::size_t>(std::llround(*features.seconds * rate));
    const double length = static_cast<double>(samples.size()) / rate;
    const bool differs = std::abs(length - *features.seconds) > kTolerance;
    const bool is_short = samples.size() < wanted;
    if (differs &&
        (features.length == LengthRule::error || (features.length == LengthRule::crop && is_short))) {
        throw AudioError(
            AudioError::Kind::wrong_length,
            fmt::format("it has {:.3g} s instead of {:.3g}; cut it, or let 'features.length' be pad or "
                        "loop",
                        length, *features.seconds));
    }
    if (is_short && features.length == LengthRule::loop) {
        const std::size_t once = samples.size();
        samples.resize(wanted);
        for (std::size_t i = once; i < wanted; ++i) samples[i] = samples[i - once];
    }
    samples.resize(wanted);
}

std::vector<float> read_clip(const std::filesystem::path& audio, const FeatureConfig& features) {
    std::vector<float> samples = read_samples(audio, features.sample_rate);
    fit_length(samples, features);
    return samples;
}

}  // namespace kickdrum
