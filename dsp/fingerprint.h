// SPDX-License-Identifier: MIT
// What a clip sounds like, as a number of 24 bits every 23 ms: the same sound gives nearly the same numbers
// after MP3 or another rate, while two pieces of one style and tempo differ in more than a third of the bits.
// After Haitsma and Kalker, "A Highly Robust Audio Fingerprinting System", ISMIR 2002: bit b of frame t says
// whether the step from band b to band b + 1 has grown since a little earlier,
//   P[b + 1, t] / P[b, t] > P[b + 1, t - lag] / P[b, t - lag],
// with P the power of 25 mel bands from 200 to 3400 Hz, smoothed over five frames, lag = 93 ms.
#pragma once

#include <span>

#include "dsp/log_mel.h"

namespace kickdrum {

constexpr int kFingerprintBits = 24;
// Of each clip the first 20 s are described.
constexpr int kFingerprintFrames = 862;

// Immutable once built: many threads may share one plan, each with a Scratch of its own.
class FingerprintPlan {
 public:
    // Throws InvalidArgument for a rate below 1000 Hz.
    FingerprintPlan(int sample_rate, SimdLevel simd);

    double frame_seconds() const;

    // numbers: [kFingerprintFrames], whole numbers below 2^24 that a float holds exactly; -1 beyond the end of
    // the clip, and where it's silent. Samples: mono, finite. Throws InvalidArgument.
    void compute(std::span<const float> samples, LogMelPlan::Scratch& scratch,
                 std::span<float> numbers) const;

 private:
    LogMelPlan bands_;
};

}  // namespace kickdrum
