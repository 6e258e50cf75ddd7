// SPDX-License-Identifier: MIT
// Figures of a row of numbers, in double precision, as numpy defines them. Rows aren't empty.
#pragma once

#include <span>
#include <vector>

namespace kickdrum {

double mean_of(std::span<const float> row);
// Of all, not of a sample: divided by n.
double sd_of(std::span<const float> row);
double largest_of(std::span<const float> row);
// Of sorted numbers, share in [0, 1], interpolated linearly.
double quantile_of_sorted(std::span<const float> sorted, double share);
std::vector<float> sorted_copy(std::span<const float> row);
// The mean of the two middle numbers where there are two. Reorders them.
float median_of(std::vector<float>& numbers);

}  // namespace kickdrum
