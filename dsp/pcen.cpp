// SPDX-License-Identifier: MIT
#include "dsp/pcen.h"

#include <cmath>
#include <cstddef>

namespace kickdrum {

void pcen(std::span<float> bands, std::int64_t frames, const PcenSettings& settings) {
    const double t = settings.time_constant * settings.sample_rate / settings.hop_length;
    const double b = (std::sqrt(1 + 4 * t * t) - 1) / (2 * t * t);
    const double base = std::pow(settings.bias, settings.power);
    const auto count = static_cast<std::size_t>(frames);
    for (std::size_t first = 0; first < bands.size(); first += count) {
        double mean = 1;
        for (float& x : bands.subspan(first, count)) {
            const double s = static_cast<double>(x) * settings.input_scale;
            mean = (1 - b) * mean + b * s;
            // librosa's way to divide by (eps + M)^gain and to subtract, without losing digits.
            const double smooth =
                std::exp(-settings.gain * (std::log(settings.eps) + std::log1p(mean / settings.eps)));
            x = static_cast<float>(base *
                                   std::expm1(settings.power * std::log1p(s * smooth / settings.bias)));
        }
    }
}

}  // namespace kickdrum
