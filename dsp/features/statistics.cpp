// SPDX-License-Identifier: MIT
#include "dsp/features/statistics.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>

namespace kickdrum {

double mean_of(std::span<const float> row) {
    return std::accumulate(row.begin(), row.end(), 0.0) / static_cast<double>(row.size());
}

double sd_of(std::span<const float> row) {
    const double mean = mean_of(row);
    double squares = 0;
    for (const float x : row) squares += (static_cast<double>(x) - mean) * (static_cast<double>(x) - mean);
    return std::sqrt(squares / static_cast<double>(row.size()));
}

double largest_of(std::span<const float> row) {
    return static_cast<double>(*std::max_element(row.begin(), row.end()));
}

double quantile_of_sorted(std::span<const float> sorted, double share) {
    const double place = share * static_cast<double>(sorted.size() - 1);
    const auto below = static_cast<std::size_t>(place);
    const std::size_t above = std::min(below + 1, sorted.size() - 1);
    const auto low = static_cast<double>(sorted[below]);
    return low + (static_cast<double>(sorted[above]) - low) * (place - static_cast<double>(below));
}

std::vector<float> sorted_copy(std::span<const float> row) {
    std::vector<float> sorted(row.begin(), row.end());
    std::sort(sorted.begin(), sorted.end());
    return sorted;
}

float median_of(std::vector<float>& numbers) {
    const auto middle = numbers.begin() + static_cast<std::ptrdiff_t>(numbers.size() / 2);
    std::nth_element(numbers.begin(), middle, numbers.end());
    if (numbers.size() % 2 == 1) return *middle;
    return (*std::max_element(numbers.begin(), middle) + *middle) / 2;
}

}  // namespace kickdrum
