// SPDX-License-Identifier: MIT
#include "dsp/mel_axis.h"

#include <cmath>
#include <cstddef>

#include "dsp/mel_filterbank.h"

namespace kickdrum {

namespace {

// matplotlib's SymmetricalLogTransform with base 2, linthresh 1000 Hz and linscale 1, divided by linthresh.
double height_on_axis(double hz) {
    constexpr double kLinear = 1000;
    constexpr double kLinearHeight = 2;  // linscale / (1 - 1 / base)
    return hz <= kLinear ? kLinearHeight * hz / kLinear : kLinearHeight + std::log2(hz / kLinear);
}

}  // namespace

std::vector<double> drawn_mel_borders(int n_mels, int sample_rate) {
    if (n_mels == 1) return {0, 1};
    const double highest = hz_to_mel(sample_rate / 2.0, MelScale::slaney);
    const auto centre = [&](int band) { return mel_to_hz(highest * band / (n_mels - 1), MelScale::slaney); };
    std::vector<double> borders;
    for (int i = 0; i <= n_mels; ++i) {
        // The outermost bands reach as far to the outside as to the inside.
        const double hz = i == 0        ? centre(0) - (centre(1) - centre(0)) / 2
                          : i == n_mels ? centre(n_mels - 1) + (centre(n_mels - 1) - centre(n_mels - 2)) / 2
                                        : (centre(i - 1) + centre(i)) / 2;
        borders.push_back(height_on_axis(hz));
    }
    return borders;
}

}  // namespace kickdrum
