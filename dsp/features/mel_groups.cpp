// SPDX-License-Identifier: MIT
#include "dsp/features/mel_groups.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "dsp/features/statistics.h"
#include "kernels/device/error.h"

namespace kickdrum {

FrameMatrix mean_of_neighbours(const FrameMatrix& matrix, int groups) {
    require(groups >= 1 && matrix.rows % groups == 0, "features: {} rows can't be {} groups", matrix.rows,
            groups);
    const int size = matrix.rows / groups;
    FrameMatrix means(groups, matrix.frames);
    for (int g = 0; g < groups; ++g) {
        const auto mean = means.row(g);
        for (int r = g * size; r < (g + 1) * size; ++r) {
            const auto row = matrix.row(r);
            for (std::size_t t = 0; t < mean.size(); ++t) mean[t] += row[t];
        }
        for (float& x : mean) x /= static_cast<float>(size);
    }
    return means;
}

Moments moments_of(std::span<const float> row) {
    Moments moments{.mean = mean_of(row), .sd = sd_of(row)};
    // What rounding makes of a constant counts as constant.
    if (moments.sd <= 1e-6 * std::abs(moments.mean)) return moments;
    for (const float x : row) {
        const double z = (static_cast<double>(x) - moments.mean) / moments.sd;
        moments.skew += z * z * z / static_cast<double>(row.size());
        moments.kurtosis += z * z * z * z / static_cast<double>(row.size());
    }
    moments.kurtosis -= 3;
    return moments;
}

double mean_change(std::span<const float> row) {
    if (row.size() < 2) return 0;
    double sum = 0;
    for (std::size_t t = 1; t < row.size(); ++t) sum += std::abs(static_cast<double>(row[t] - row[t - 1]));
    return sum / static_cast<double>(row.size() - 1);
}

double correlation(std::span<const float> a, std::span<const float> b, std::int64_t lag) {
    const auto shift = static_cast<std::size_t>(lag);
    if (a.size() <= shift + 1) return 0;
    const auto early = a.first(a.size() - shift);
    const auto late = b.subspan(shift, early.size());
    const Moments first = moments_of(early);
    const Moments second = moments_of(late);
    if (first.skew == 0 && first.kurtosis == 0) return 0;
    if (second.skew == 0 && second.kurtosis == 0) return 0;
    double product = 0;
    for (std::size_t t = 0; t < early.size(); ++t) {
        product +=
            (static_cast<double>(early[t]) - first.mean) * (static_cast<double>(late[t]) - second.mean);
    }
    return product / (first.sd * second.sd * static_cast<double>(early.size()));
}

FluxAgreement flux_agreement(std::span<const float> row) {
    std::vector<float> rises(row.size());
    for (std::size_t t = 1; t < row.size(); ++t) rises[t] = std::max(0.0F, row[t] - row[t - 1]);
    FluxAgreement agreement;
    for (int i = 0; i < kFluxLags; ++i) {
        agreement.at_lag[static_cast<std::size_t>(i)] = correlation(rises, rises, 2 * (i + 1));
    }
    agreement.largest = *std::max_element(agreement.at_lag.begin(), agreement.at_lag.end());
    return agreement;
}

}  // namespace kickdrum
