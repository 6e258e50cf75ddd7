// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

namespace kickdrum {

// Where librosa.display.specshow(y_axis="mel") draws the borders between n_mels bands, the lowest first;
// [n_mels + 1], in units of the axis. It takes the bands' centres to be mel_frequencies(n_mels, fmin=0,
// fmax=sample_rate / 2), puts borders half-way between them, and draws them on matplotlib's "symlog" axis:
// linear up to 1000 Hz, then log2 with an octave as high as 500 Hz below. The lower bands come out higher
// than they would on a true mel axis.
std::vector<double> drawn_mel_borders(int n_mels, int sample_rate);

}  // namespace kickdrum
