// SPDX-License-Identifier: MIT
// From a clip to the picture that a network sees: decoding, resampling, log-mel spectrogram (dsp/log_mel.h),
// picture (dsp/mel_picture.h).
#pragma once

#include <filesystem>
#include <span>
#include <vector>

#include "dsp/log_mel.h"
#include "dsp/mel_picture.h"
#include "dsp/pcen.h"

namespace kickdrum {

enum class ClipImage {
    smooth,         // `image: float`
    specshow_gray,  // `image: specshow_gray`, bytes divided by 255
};

enum class ClipKind {
    log_mel,  // 0 at the clip's loudest point, 1 at -top_db; relative to 1 with LogMelSettings::absolute
    pcen,     // per-channel energy normalisation (dsp/pcen.h) of the mel bands times 2^31
    mfcc,     // of the decibels relative to 1, as librosa.feature.mfcc; coefficient 0 in the last row
};

// What a channel of the picture holds.
enum class ClipChannel {
    value,
    without_mean,  // the value minus its row's mean over time
    difference,    // from the frame before; 0 in the first
    delta,         // slope of a line through 9 columns, as librosa.feature.delta; of fewer columns 0
};

struct ClipFeatureSettings {
    LogMelSettings log_mel;
    int height = 128;  // frequency, the highest band in row 0
    int width = 128;   // time
    ClipImage image = ClipImage::smooth;
    ClipKind kind = ClipKind::log_mel;
    int n_mfcc = 20;
    PcenSettings pcen;  // for kind pcen; rate and hop are log_mel's
    // Whether the picture is resized to height and width, by area. Without, height is the number of bands or
    // coefficients, and of a clip's frames the first `width` are taken, then silence.
    bool resize = true;
    std::vector<ClipChannel> channels{ClipChannel::value};
};

// What dsp/clip_batch.h computes too.
bool is_plain(const ClipFeatureSettings& settings);

// Immutable once built: many threads may share one plan.
class ClipFeaturePlan {
 public:
    // Throws InvalidArgument where the settings make no sense: see LogMelPlan; height and width must be at
    // least 1; specshow_gray is of log-mel pictures that are resized.
    ClipFeaturePlan(const ClipFeatureSettings& settings, SimdLevel simd);

    const ClipFeatureSettings& settings() const { return settings_; }
    const LogMelPlan& log_mel() const { return log_mel_; }
    const MelPicture& picture() const { return picture_; }

    // samples: mono, at settings().log_mel.sample_rate; image: [height, width, channels]; of log-mel
    // pictures, 0 (black, the loudest point) to 1. Throws InvalidArgument where a sample isn't finite or the
    // image has another size.
    void compute(std::span<const float> samples, std::span<float> image) const;

    // The same of a whole audio file of any rate and number of channels. Throws AudioError (dsp/audio_file.h)
    // where it can't be used.
    void compute(const std::filesystem::path& audio, std::span<float> image) const;

 private:
    int rows() const;
    void picture_of(std::span<const float> samples, std::span<float> picture) const;
    void place(std::span<const float> rows_of_frames, std::span<float> picture) const;

    ClipFeatureSettings settings_;
    LogMelPlan log_mel_;
    MelPicture picture_;
};

// A whole audio file as mono samples at this rate. Throws AudioError.
std::vector<float> read_samples(const std::filesystem::path& audio, int sample_rate);

}  // namespace kickdrum
