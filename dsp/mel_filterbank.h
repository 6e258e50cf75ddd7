// SPDX-License-Identifier: MIT
// Triangular mel filters on the bins of a power spectrum, as librosa.filters.mel(norm="slaney").
//
//   The n_mels + 2 corners f lie equally spaced on the mel scale from fmin to fmax. Band i weighs frequency x
//   with 2 / (f[i+2] - f[i]) * max(0, min((x - f[i]) / (f[i+1] - f[i]), (f[i+2] - x) / (f[i+2] - f[i+1]))).
//   Slaney's scale (Auditory Toolbox, 1998): 3 f / 200 below 1000 Hz, 15 + 27 ln(f / 1000) / ln 6.4 above.
//   HTK's: 2595 log10(1 + f / 700).
#pragma once

#include <vector>

namespace kickdrum {

enum class MelScale { slaney, htk };

double hz_to_mel(double hz, MelScale scale);
double mel_to_hz(double mel, MelScale scale);

struct MelFilterbankSettings {
    int sample_rate = 22050;
    int n_fft = 2048;
    int n_mels = 128;
    double fmin = 0;
    double fmax = 11025;
    MelScale scale = MelScale::slaney;
};

// The weights that aren't zero, of bins first_bin, first_bin + 1, ...; none where no bin falls into the
// triangle.
struct MelBand {
    int first_bin = 0;
    std::vector<float> weights;
};

// One entry per band, the lowest first. Throws InvalidArgument unless n_fft, n_mels >= 1 and
// 0 <= fmin < fmax <= sample_rate / 2.
std::vector<MelBand> mel_filterbank(const MelFilterbankSettings& settings);

// Bands that hear nothing: n_mels is too large for n_fft. Counted from 0.
std::vector<int> empty_bands(const std::vector<MelBand>& bands);

}  // namespace kickdrum
