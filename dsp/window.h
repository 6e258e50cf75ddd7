// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

namespace kickdrum {

// The periodic Hann window w[i] = 0.5 - 0.5 cos(2 pi i / n): scipy's get_window("hann", n), fftbins=True.
std::vector<double> hann_window(int n);

}  // namespace kickdrum
