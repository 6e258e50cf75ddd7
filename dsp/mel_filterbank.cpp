// SPDX-License-Identifier: MIT
#include "dsp/mel_filterbank.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "kernels/device/error.h"

namespace kickdrum {

namespace {

constexpr double kHzPerMel = 200.0 / 3;  // below the corner
constexpr double kCornerHz = 1000;
constexpr double kCornerMel = kCornerHz / kHzPerMel;
const double kLogStep = std::log(6.4) / 27;

void check(const MelFilterbankSettings& settings) {
    require(settings.sample_rate >= 1, "mel bands: sample_rate must be at least 1 Hz, got {}",
            settings.sample_rate);
    require(settings.n_fft >= 1, "mel bands: n_fft must be at least 1, got {}", settings.n_fft);
    require(settings.n_mels >= 1, "mel bands: n_mels must be at least 1, got {}", settings.n_mels);
    require(settings.fmin >= 0 && settings.fmin < settings.fmax,
            "mel bands: fmin must be at least 0 and below fmax, got fmin {} and fmax {}", settings.fmin,
            settings.fmax);
    require(settings.fmax <= settings.sample_rate / 2.0,
            "mel bands: fmax must not exceed half of the sample rate; got fmax {} at {} Hz", settings.fmax,
            settings.sample_rate);
}

MelBand band_between(double low, double centre, double high, double hz_per_bin, int bins) {
    MelBand band;
    for (int bin = 0; bin < bins; ++bin) {
        const double hz = bin * hz_per_bin;
        const double height = std::min((hz - low) / (centre - low), (high - hz) / (high - centre));
        if (height <= 0) continue;
        if (band.weights.empty()) band.first_bin = bin;
        band.weights.push_back(static_cast<float>(2 / (high - low) * height));
    }
    return band;
}

}  // namespace

double hz_to_mel(double hz, MelScale scale) {
    if (scale == MelScale::htk) return 2595 * std::log10(1 + hz / 700);
    return hz < kCornerHz ? hz / kHzPerMel : kCornerMel + std::log(hz / kCornerHz) / kLogStep;
}

double mel_to_hz(double mel, MelScale scale) {
    if (scale == MelScale::htk) return 700 * (std::pow(10, mel / 2595) - 1);
    return mel < kCornerMel ? mel * kHzPerMel : kCornerHz * std::exp(kLogStep * (mel - kCornerMel));
}

std::vector<MelBand> mel_filterbank(const MelFilterbankSettings& settings) {
    check(settings);
    const double lowest = hz_to_mel(settings.fmin, settings.scale);
    const double step = (hz_to_mel(settings.fmax, settings.scale) - lowest) / (settings.n_mels + 1);
    const auto corner = [&](int i) { return mel_to_hz(lowest + step * i, settings.scale); };
    const double hz_per_bin = static_cast<double>(settings.sample_rate) / settings.n_fft;
    std::vector<MelBand> bands;
    for (int i = 0; i < settings.n_mels; ++i) {
        bands.push_back(
            band_between(corner(i), corner(i + 1), corner(i + 2), hz_per_bin, settings.n_fft / 2 + 1));
    }
    return bands;
}

std::vector<int> empty_bands(const std::vector<MelBand>& bands) {
    std::vector<int> empty;
    for (std::size_t i = 0; i < bands.size(); ++i) {
        if (bands[i].weights.empty()) empty.push_back(static_cast<int>(i));
    }
    return empty;
}

}  // namespace kickdrum
