// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

namespace kickdrum {

enum class WindowKind { hann, hamming, blackman };

// A periodic window of `length` samples (scipy.signal.get_window), in the middle of n >= length, with zeros
// around, as librosa.stft places win_length. hamming: 0.54 - 0.46 cos; blackman: 0.42 - 0.5 cos + 0.08 cos of
// twice the angle.
std::vector<double> centred_window(WindowKind kind, int length, int n);

// The periodic Hann window w[i] = 0.5 - 0.5 cos(2 pi i / n): scipy's get_window("hann", n), fftbins=True.
std::vector<double> hann_window(int n);

}  // namespace kickdrum
