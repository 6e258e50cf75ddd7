// SPDX-License-Identifier: MIT
// Mel-frequency cepstral coefficients and their changes over time.
#pragma once

#include "dsp/features/blocked_weights.h"
#include "dsp/features/frame_matrix.h"
#include "dsp/spectral_kernels.h"

namespace kickdrum {

// The first `count` rows of the orthonormal DCT-II of `bands` points (scipy.fft.dct, norm="ortho").
BlockedWeights cosine_transform(int count, int bands);

// Per frame, of mel bands in decibels (librosa.feature.mfcc).
FrameMatrix mfcc_of(const FrameMatrix& mel_db, const BlockedMatrix& transform,
                    const SpectralKernels& kernels);

// The slope, or the second derivative, of a line, or parabola, through 9 frames (librosa.feature.delta with
// order 1, or 2, mode "interp"): the first and last 4 frames take those of the first and last 9. Where there
// are fewer than 9 frames, which librosa refuses, all are 0.
FrameMatrix delta_of(const FrameMatrix& src, int order);

}  // namespace kickdrum
