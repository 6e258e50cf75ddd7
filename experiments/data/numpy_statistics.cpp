// SPDX-License-Identifier: MIT
#include "experiments/data/numpy_statistics.h"

#include <array>
#include <cmath>
#include <vector>

namespace kickdrum::numpy {
namespace {

// The squares go through memory that sum() reads: no compiler can fuse them with the addition into one
// rounding.
std::vector<double> squared_differences(std::span<const double> values, double from) {
    std::vector<double> squares(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
        const double difference = values[i] - from;
        squares[i] = difference * difference;
    }
    return squares;
}

double sum_in_order(std::span<const double> values) {
    double total = 0;
    for (const double value : values) total += value;
    return total;
}

template <typename Sum>
double deviation(std::span<const double> values, const Sum& add) {
    const auto count = static_cast<double>(values.size());
    const std::vector<double> squares = squared_differences(values, add(values) / count);
    return std::sqrt(add(std::span<const double>(squares)) / count);
}

}  // namespace

double sum(std::span<const double> values) {
    constexpr std::size_t kSums = 8;
    constexpr std::size_t kBlock = 128;
    const std::size_t n = values.size();
    if (n < kSums) return sum_in_order(values);
    if (n > kBlock) {
        const std::size_t half = n / 2 - n / 2 % kSums;
        return sum(values.first(half)) + sum(values.subspan(half));
    }
    std::array<double, kSums> r{};
    for (std::size_t k = 0; k < kSums; ++k) r[k] = values[k];
    std::size_t i = kSums;
    for (; i + kSums <= n; i += kSums) {
        for (std::size_t k = 0; k < kSums; ++k) r[k] += values[i + k];
    }
    double total = ((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7]));
    for (; i < n; ++i) total += values[i];
    return total;
}

double mean(std::span<const double> values) {
    return sum(values) / static_cast<double>(values.size());
}

double standard_deviation(std::span<const double> values) {
    return deviation(values, sum);
}

double column_deviation(std::span<const double> table, std::size_t columns, std::size_t column) {
    if (columns == 1) return standard_deviation(table);
    std::vector<double> values;
    for (std::size_t i = column; i < table.size(); i += columns) values.push_back(table[i]);
    return deviation(values, sum_in_order);
}

bool is_close(double a, double b) {
    return a == b || (std::isfinite(b) && std::abs(a - b) <= 1e-8 + 1e-5 * std::abs(b));
}

}  // namespace kickdrum::numpy
