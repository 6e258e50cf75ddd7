// SPDX-License-Identifier: MIT
#include "dsp/window.h"

#include <cmath>
#include <cstddef>
#include <numbers>

namespace kickdrum {

std::vector<double> hann_window(int n) {
    std::vector<double> window(static_cast<std::size_t>(n));
    for (int i = 0; i < n; ++i) {
        window[static_cast<std::size_t>(i)] = 0.5 - 0.5 * std::cos(2 * std::numbers::pi * i / n);
    }
    return window;
}

}  // namespace kickdrum
