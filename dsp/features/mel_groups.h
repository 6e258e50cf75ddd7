// SPDX-License-Identifier: MIT
// What the rich set says of the loudness of frequency bands over time, in decibels.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "dsp/features/frame_matrix.h"

namespace kickdrum {

// Means of as many neighbouring rows each as there are `groups` fewer; groups divides the number of rows.
FrameMatrix mean_of_neighbours(const FrameMatrix& matrix, int groups);

// Of a row x about its mean: third and fourth moment by the deviation (skew, and kurtosis less 3); 0 where x
// is constant.
struct Moments {
    double mean = 0, sd = 0, skew = 0, kurtosis = 0;
};
Moments moments_of(std::span<const float> row);

// The mean of |x[t] - x[t - 1]|; 0 of a single frame.
double mean_change(std::span<const float> row);

// Pearson's correlation of a[t] with b[t + lag]; 0 where one of them is constant, or nothing is left to
// compare.
double correlation(std::span<const float> a, std::span<const float> b, std::int64_t lag);

// How a row's rises, max(0, x[t] - x[t - 1]), agree with themselves `lag` frames later: their correlation at
// lags 2, 4,
// ... 36 (0.05 to 0.84 seconds at librosa's hop), and the largest of these.
constexpr int kFluxLags = 18;
struct FluxAgreement {
    std::array<double, kFluxLags> at_lag{};
    double largest = 0;
};
FluxAgreement flux_agreement(std::span<const float> row);

}  // namespace kickdrum
