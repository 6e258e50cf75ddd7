// SPDX-License-Identifier: MIT
// A clip as one row of numbers, for classical models: the mean and other figures of its features over time.
//   published  13: the means of chroma_stft, rms, centroid, bandwidth, roll-off, zero crossings, mfcc 0 to 6
//   standard   178: mean and standard deviation of mfcc 0 to 19 with first and second differences, contrast,
//   chroma,
//              flatness, centroid, bandwidth, roll-off, zero crossings, rms; onsets and tempo
//   rich       1158: standard, and what dsp/features/rich_row.h says of the mel bands
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dsp/features/frame_pass.h"
#include "dsp/features/modulation.h"

namespace kickdrum {

enum class FeatureSet : std::uint8_t { published, standard, rich };
std::string_view to_string(FeatureSet set);

// The columns, in order.
std::vector<std::string> feature_names(FeatureSet set);

// The matrices behind a set, with librosa's names.
struct NamedFrames {
    std::string_view name;
    const FrameMatrix* frames;
};
std::vector<NamedFrames> frames_of(FeatureSet set, const ClipFrames& clip);

// Immutable once built: many threads may share one, each with a Scratch of its own.
class FeaturePlan {
 public:
    FeaturePlan(FeatureSet set, SimdLevel simd);

    FeatureSet set() const { return set_; }
    std::size_t size() const { return size_; }  // of a row
    const FramePass& pass() const { return pass_; }

    // values: size() of them, in the order of feature_names. samples: see FramePass::compute.
    void compute(std::span<const float> samples, FramePass::Scratch& scratch, std::span<float> values) const;

 private:
    FeatureSet set_;
    std::size_t size_;
    FramePass pass_;
    ModulationSpectrum modulation_;
};

}  // namespace kickdrum
