// SPDX-License-Identifier: MIT
#include "experiments/baselines/scaler.h"

#include <cmath>
#include <limits>

namespace kickdrum {

Scaler fit_scaler(const Matrix& raw, std::optional<double> clip) {
    Scaler scaler{.mean = std::vector<double>(raw.columns),
                  .scale = std::vector<double>(raw.columns, 1),
                  .clip = clip,
                  .constant_columns = {}};
    const auto n = static_cast<double>(raw.rows);
    for (std::size_t i = 0; i < raw.rows; ++i) {
        for (std::size_t c = 0; c < raw.columns; ++c) scaler.mean[c] += raw.row(i)[c] / n;
    }
    std::vector<double> variance(raw.columns);
    for (std::size_t i = 0; i < raw.rows; ++i) {
        for (std::size_t c = 0; c < raw.columns; ++c) {
            const double off = raw.row(i)[c] - scaler.mean[c];
            variance[c] += off * off / n;
        }
    }
    for (std::size_t c = 0; c < raw.columns; ++c) {
        // What rounding leaves of a constant.
        const double noise = 10 * std::numeric_limits<double>::epsilon() * std::abs(scaler.mean[c]);
        if (variance[c] <= n * noise * noise) {
            scaler.constant_columns.push_back(c);
        } else {
            scaler.scale[c] = std::sqrt(variance[c]);
        }
    }
    return scaler;
}

Matrix Scaler::apply(const Matrix& raw) const {
    Matrix scaled(raw.rows, raw.columns);
    for (std::size_t i = 0; i < raw.rows; ++i) {
        const auto from = raw.row(i);
        const auto to = scaled.row(i);
        for (std::size_t c = 0; c < raw.columns; ++c) {
            to[c] = (from[c] - mean[c]) / scale[c];
            if (clip) to[c] = std::clamp(to[c], -*clip, *clip);
        }
    }
    return scaled;
}

}  // namespace kickdrum
