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

std::vector<double> centred_window(WindowKind kind, int length, int n) {
    std::vector<double> window(static_cast<std::size_t>(n));
    const int first = (n - length) / 2;
    for (int i = 0; i < length; ++i) {
        const double angle = 2 * std::numbers::pi * i / length;
        double weight = 0;
        switch (kind) {
            case WindowKind::hann: weight = 0.5 - 0.5 * std::cos(angle); break;
            case WindowKind::hamming: weight = 0.54 - 0.46 * std::cos(angle); break;
            case WindowKind::blackman:
                weight = 0.42 - 0.5 * std::cos(angle) + 0.08 * std::cos(2 * angle);
                break;
        }
        window[static_cast<std::size_t>(first + i)] = weight;
    }
    return window;
}

}  // namespace kickdrum
