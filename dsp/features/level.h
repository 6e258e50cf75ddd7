// SPDX-License-Identifier: MIT
// Loudness and zero crossings of the frames, from the samples themselves. Frame t lies around sample t *
// hop_length.
#pragma once

#include <span>

#include "dsp/spectral_kernels.h"

namespace kickdrum {

// rms[t]: the root of the mean square of frame_length samples, zeros beyond the ends (librosa.feature.rms).
// crossings[t]: the share of samples whose sign differs from the one before within the frame; the clip's
// first and last sample are continued beyond the ends (librosa.feature.zero_crossing_rate). hop_length
// divides frame_length / 2; both results have 1 + samples / hop_length values.
void frame_levels(std::span<const float> samples, int frame_length, int hop_length,
                  const SpectralKernels& kernels, std::span<float> rms, std::span<float> crossings);

}  // namespace kickdrum
