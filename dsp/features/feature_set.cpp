// SPDX-License-Identifier: MIT
#include "dsp/features/feature_set.h"

#include <fmt/format.h>

#include <stdexcept>

#include "dsp/features/feature_row.h"
#include "dsp/features/rhythm.h"
#include "dsp/features/rich_row.h"
#include "dsp/features/statistics.h"
#include "kernels/device/error.h"

namespace kickdrum {

namespace {

constexpr int kPublishedMfcc = 7;
constexpr int kStandardMfcc = 20;

FeatureRow published_row(const ClipFrames& clip) {
    FeatureRow row;
    row.add("chroma_stft", mean_of(clip.chroma_stft.values));
    row.add("rmse", mean_of(clip.rms.values));
    row.add("spec_cent", mean_of(clip.spectral_centroid.values));
    row.add("spec_bw", mean_of(clip.spectral_bandwidth.values));
    row.add("rolloff", mean_of(clip.spectral_rolloff.values));
    row.add("zcr", mean_of(clip.zero_crossing_rate.values));
    for (int i = 0; i < kPublishedMfcc; ++i) row.add(fmt::format("mfcc{}", i + 1), mean_of(clip.mfcc.row(i)));
    return row;
}

void add_rhythm(FeatureRow& row, const ClipFrames& clip) {
    const auto strength = clip.onset_strength.row(0);
    const auto sorted = sorted_copy(strength);
    const double mean = mean_of(strength);
    const double largest = largest_of(strength);
    row.add_mean_and_sd("onset_strength", strength);
    row.add("onset_strength_max", largest);
    row.add("onset_strength_median", quantile_of_sorted(sorted, 0.5));
    row.add("onset_strength_p90", quantile_of_sorted(sorted, 0.9));
    row.add("onset_strength_max_to_mean", mean > 0 ? largest / mean : 0);
    row.add("onsets", count_onsets(strength, kFramesPerSecond));
    row.add("tempo", clip.tempo);
}

FeatureRow standard_row(const ClipFrames& clip) {
    FeatureRow row;
    for (const auto& [name, frames] : frames_of(FeatureSet::standard, clip)) {
        if (name != "onset_strength") row.add_rows(std::string(name), *frames);
    }
    add_rhythm(row, clip);
    return row;
}

FeatureRow row_of(FeatureSet set, const ClipFrames& clip, const ModulationSpectrum& modulation) {
    if (set == FeatureSet::published) return published_row(clip);
    FeatureRow row = standard_row(clip);
    if (set == FeatureSet::rich) add_rich(row, clip.mel_db, modulation);
    return row;
}

FramePassSettings settings_of(FeatureSet set) {
    return {.n_mfcc = set == FeatureSet::published ? kPublishedMfcc : kStandardMfcc,
            .all = set != FeatureSet::published};
}

// A clip of one frame in which everything is 0.
ClipFrames blank_clip(FeatureSet set) {
    ClipFrames clip;
    clip.chroma_stft = FrameMatrix(12, 1);
    clip.mel_db = FrameMatrix(kFeatureMels, 1);
    clip.mfcc = clip.mfcc_delta = clip.mfcc_delta2 = FrameMatrix(settings_of(set).n_mfcc, 1);
    clip.spectral_contrast = FrameMatrix(7, 1);
    for (FrameMatrix* row :
         {&clip.rms, &clip.spectral_centroid, &clip.spectral_bandwidth, &clip.spectral_rolloff,
          &clip.zero_crossing_rate, &clip.spectral_flatness, &clip.onset_strength}) {
        *row = FrameMatrix(1, 1);
    }
    return clip;
}

}  // namespace

std::string_view to_string(FeatureSet set) {
    switch (set) {
        case FeatureSet::published: return "published";
        case FeatureSet::standard: return "standard";
        case FeatureSet::rich: return "rich";
    }
    throw std::logic_error("a feature set without a name");
}

std::vector<std::string> feature_names(FeatureSet set) {
    const ModulationSpectrum modulation(kFramesPerSecond, log_mel_kernels(SimdLevel::portable));
    return row_of(set, blank_clip(set), modulation).names;
}

std::vector<NamedFrames> frames_of(FeatureSet set, const ClipFrames& clip) {
    if (set == FeatureSet::published) {
        return {{"chroma_stft", &clip.chroma_stft},
                {"rms", &clip.rms},
                {"spectral_centroid", &clip.spectral_centroid},
                {"spectral_bandwidth", &clip.spectral_bandwidth},
                {"spectral_rolloff", &clip.spectral_rolloff},
                {"zero_crossing_rate", &clip.zero_crossing_rate},
                {"mfcc", &clip.mfcc}};
    }
    std::vector<NamedFrames> named{{"mfcc", &clip.mfcc},
                                   {"mfcc_delta", &clip.mfcc_delta},
                                   {"mfcc_delta2", &clip.mfcc_delta2},
                                   {"spectral_contrast", &clip.spectral_contrast},
                                   {"chroma_stft", &clip.chroma_stft},
                                   {"spectral_flatness", &clip.spectral_flatness},
                                   {"spectral_centroid", &clip.spectral_centroid},
                                   {"spectral_bandwidth", &clip.spectral_bandwidth},
                                   {"spectral_rolloff", &clip.spectral_rolloff},
                                   {"zero_crossing_rate", &clip.zero_crossing_rate},
                                   {"rms", &clip.rms},
                                   {"onset_strength", &clip.onset_strength}};
    if (set == FeatureSet::rich) named.push_back({"mel_db", &clip.mel_db});
    return named;
}

FeaturePlan::FeaturePlan(FeatureSet set, SimdLevel simd)
    : set_(set),
      size_(feature_names(set).size()),
      pass_(settings_of(set), simd),
      modulation_(kFramesPerSecond, log_mel_kernels(simd)) {}

void FeaturePlan::compute(std::span<const float> samples, FramePass::Scratch& scratch,
                          std::span<float> values) const {
    require(values.size() == size_, "features: a row has {} numbers, got room for {}", size_, values.size());
    const FeatureRow row = row_of(set_, pass_.compute(samples, scratch), modulation_);
    std::copy(row.values.begin(), row.values.end(), values.begin());
}

}  // namespace kickdrum
