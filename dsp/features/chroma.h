// SPDX-License-Identifier: MIT
// Chroma: the power of a frame by pitch class, as librosa.feature.chroma_stft computes it, with the tuning
// estimated from the clip.
//   filter of class c at bin k: exp(-(2 d / w)^2 / 2), d the distance of the bin to the class in semitones,
//   within
//   +-6, w the distance of neighbouring bins, at least 1; each bin's filters divided by their Euclidean norm,
//   times exp(-((o - 5) / 2)^2 / 2), o the bin's octave over A0 (27.5 Hz) at this tuning. Class 0 is C.
// Each frame is divided by its largest class, but for silent ones.
#pragma once

#include <array>
#include <mutex>
#include <optional>
#include <span>

#include "dsp/features/blocked_weights.h"
#include "dsp/spectral_kernels.h"

namespace kickdrum {

constexpr int kPitchClasses = 12;
constexpr int kTunings = 100;  // of a semitone, from -0.5 on

// The tuning as an index: -0.5 + index / 100 semitones off 440 Hz. As librosa.estimate_tuning: of the peaks'
// places by parabolic interpolation, those at least as high as the median, the commonest distance to the
// nearest semitone (the lowest of equally common ones). Without peaks it's 50, which is no deviation. `peaks`
// are reordered.
int estimate_tuning(std::span<const SpectralPeak> peaks, double hz_per_bin);
double tuning_of(int index);

// The bins in which librosa.piptrack looks for pitches: 150 to 4000 Hz.
BinRange pitch_range(int bins, double hz_per_bin);
constexpr float kPeakThreshold = 0.1F;

// The filters, each made when it's first asked for. Threads may ask at the same time.
class ChromaBank {
 public:
    // For spectra of n_fft / 2 + 1 bins.
    ChromaBank(int sample_rate, int n_fft);

    BlockedMatrix filters(int tuning) const;

 private:
    int sample_rate_;
    int n_fft_;
    struct Filters {
        std::once_flag made;
        std::optional<BlockedWeights> weights;
    };
    mutable std::array<Filters, kTunings> filters_;
};

// Divides each column of [kPitchClasses, frames] by its largest value.
void normalize_chroma(std::span<float> chroma);

}  // namespace kickdrum
