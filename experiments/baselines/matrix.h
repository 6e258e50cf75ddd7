// SPDX-License-Identifier: MIT
// Numbers in rows, one row per clip.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

namespace kickdrum {

struct Matrix {
    std::size_t rows = 0;
    std::size_t columns = 0;
    std::vector<double> values;  // row-major

    Matrix() = default;
    Matrix(std::size_t row_count, std::size_t column_count)
        : rows(row_count), columns(column_count), values(row_count * column_count) {}

    std::span<const double> row(std::size_t i) const {
        return std::span(values).subspan(i * columns, columns);
    }
    std::span<double> row(std::size_t i) { return std::span(values).subspan(i * columns, columns); }
};

// The rows of these numbers, in their order.
inline Matrix rows_of(const Matrix& all, std::span<const std::int32_t> which) {
    Matrix some(which.size(), all.columns);
    for (std::size_t i = 0; i < which.size(); ++i) {
        const auto from = all.row(static_cast<std::size_t>(which[i]));
        std::copy(from.begin(), from.end(), some.row(i).begin());
    }
    return some;
}

}  // namespace kickdrum
