// SPDX-License-Identifier: MIT
// The stages on the way from a file to features, each by itself, as compare_librosa.py times them.
#pragma once

#include <span>
#include <vector>

#include "dsp/aligned_floats.h"
#include "dsp/features/blocked_weights.h"
#include "dsp/features/chroma.h"
#include "dsp/features/feature_set.h"
#include "dsp/log_mel.h"
#include "dsp/log_mel_kernels.h"
#include "dsp/real_fft_tables.h"
#include "dsp/spectral_kernels.h"

namespace kickdrum {

// Keeps its memory from clip to clip. Samples are mono at kFeatureSampleRate.
class Stages {
 public:
    explicit Stages(const LogMelSettings& log_mel);

    // The spectrogram in dB with the settings given, until the next call.
    const std::vector<float>& log_mel(std::span<const float> samples);
    // With librosa's defaults: power spectrogram; the first 20 MFCC; chroma with its tuning.
    void stft(std::span<const float> samples);
    void mfcc(std::span<const float> samples);
    void chroma(std::span<const float> samples);
    // The sets published and standard.
    void published(std::span<const float> samples) { features(published_, samples); }
    void standard(std::span<const float> samples) { features(standard_, samples); }

 private:
    void features(const FeaturePlan& plan, std::span<const float> samples);

    SimdLevel simd_ = best_simd_level();
    const LogMelKernels& transforms_ = log_mel_kernels(simd_);
    const SpectralKernels& kernels_ = spectral_kernels(simd_);
    LogMelPlan log_mel_;
    LogMelPlan mel_;
    RealFftTables fft_;
    BlockedWeights cosines_;
    ChromaBank bank_{kFeatureSampleRate, kFeatureFft};
    FeaturePlan published_{FeatureSet::published, simd_};
    FeaturePlan standard_{FeatureSet::standard, simd_};

    LogMelPlan::Scratch scratch_;
    FramePass::Scratch pass_scratch_;
    AlignedFloats piece_;
    AlignedFloats work_;
    AlignedFloats power_;
    std::int64_t frames_ = 0;
    std::vector<float> db_;
    std::vector<float> values_;
    std::vector<SpectralPeak> peaks_;
};

}  // namespace kickdrum
