// SPDX-License-Identifier: MIT
#include "dsp/features/contrast.h"

#include <algorithm>
#include <cmath>

#include "kernels/device/error.h"

namespace kickdrum {

namespace {

constexpr int kBands = 7;
constexpr double kLowestHz = 200;
constexpr double kShare = 0.02;
constexpr double kFloor = 1e-10;
constexpr double kRange = 80;

}  // namespace

ContrastBands::ContrastBands(int sample_rate, int n_fft) {
    const double hz_per_bin = static_cast<double>(sample_rate) / n_fft;
    const int bins = n_fft / 2 + 1;
    require(kLowestHz * std::exp2(kBands - 2) < sample_rate / 2.0,
            "contrast: {} Hz is too low a sample rate for {} bands", sample_rate, kBands);
    for (int b = 0; b < kBands; ++b) {
        const double low = b == 0 ? 0 : kLowestHz * std::exp2(b - 1);
        const double high = kLowestHz * std::exp2(b);
        // The bins within, both ends included, and the one below; the last band takes all that is above.
        int first = static_cast<int>(std::ceil(low / hz_per_bin));
        int end = std::min(bins, static_cast<int>(std::floor(high / hz_per_bin)) + 1);
        if (b > 0) --first;
        if (b == kBands - 1) end = bins;
        const int count = std::max(1, static_cast<int>(std::nearbyint(kShare * (end - first))));
        // All but the last leave their highest bin to the next, after it was counted.
        if (b < kBands - 1) --end;
        require(count <= SpectralKernels::kMostExtremes && count <= end - first,
                "contrast: {} bins of {} to {} Hz are more, or fewer, than can be told apart", end - first,
                low, high);
        bands_.push_back({.bins = {.first = first, .end = end}, .count = count});
    }
}

void ContrastBands::extremes(const float* magnitude, const SpectralKernels& kernels, float* dst) const {
    for (const Band& band : bands_) {
        kernels.extremes(magnitude, band.bins, band.count, dst);
        dst += 2 * kernels.lanes;
    }
}

FrameMatrix contrast_of(const FrameMatrix& extremes) {
    FrameMatrix contrast(extremes.rows / 2, extremes.frames);
    const auto decibels = [](float x) { return 10 * std::log10(std::max(kFloor, static_cast<double>(x))); };
    double loudest_valley = kFloor;
    double loudest_peak = kFloor;
    for (int r = 0; r < extremes.rows; r += 2) {
        for (const float x : extremes.row(r))
            loudest_valley = std::max(loudest_valley, static_cast<double>(x));
        for (const float x : extremes.row(r + 1))
            loudest_peak = std::max(loudest_peak, static_cast<double>(x));
    }
    const double least_valley = 10 * std::log10(loudest_valley) - kRange;
    const double least_peak = 10 * std::log10(loudest_peak) - kRange;
    for (int r = 0; r < contrast.rows; ++r) {
        const auto valley = extremes.row(2 * r);
        const auto peak = extremes.row(2 * r + 1);
        const auto row = contrast.row(r);
        for (std::size_t t = 0; t < row.size(); ++t) {
            row[t] = static_cast<float>(std::max(decibels(peak[t]), least_peak) -
                                        std::max(decibels(valley[t]), least_valley));
        }
    }
    return contrast;
}

}  // namespace kickdrum
