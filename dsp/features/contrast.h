// SPDX-License-Identifier: MIT
// Spectral contrast, as librosa.feature.spectral_contrast computes it by default: in seven bands, of which
// the lowest ends at 200 Hz and each other one an octave above the one before, the loudest 2 % of a frame's
// bins over its quietest 2 %, in decibels. Peaks and valleys lie at most 80 dB below the clip's loudest.
#pragma once

#include <span>
#include <vector>

#include "dsp/features/frame_matrix.h"
#include "dsp/spectral_kernels.h"

namespace kickdrum {

class ContrastBands {
 public:
    // For spectra of n_fft / 2 + 1 bins. Throws InvalidArgument where the highest band would begin above half
    // of the sample rate.
    ContrastBands(int sample_rate, int n_fft);

    int count() const { return static_cast<int>(bands_.size()); }
    // Of one frame's magnitudes per lane, two rows for each band: valley and peak.
    void extremes(const float* magnitude, const SpectralKernels& kernels, float* dst) const;

 private:
    struct Band {
        BinRange bins;
        int count;  // of the bins that make a peak, or a valley
    };
    std::vector<Band> bands_;
};

// [bands, frames] from [2 bands, frames], rows as above.
FrameMatrix contrast_of(const FrameMatrix& extremes);

}  // namespace kickdrum
