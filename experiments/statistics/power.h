// SPDX-License-Identifier: MIT
// What a number of runs can decide at all.
#pragma once

#include <optional>

namespace kickdrum {

// The smallest p that a two-sided exact test of n paired differences (sign flips, Wilcoxon) can give: with
// all of one sign, 2 / 2^n.
double smallest_exact_p(int n);

// The fewest paired runs for which such a test can fall below `alpha`: 6 for 0.05.
int runs_for_exact_test(double alpha);

// The power of a two-sided paired t-test: the probability that it finds an effect of size d_z at `alpha` with
// n runs, by the noncentral t distribution.
double paired_t_power(double dz, int n, double alpha = 0.05);

// The fewest runs with which an effect as large as the one seen would be found with probability `power`, and
// an exact test could fall below alpha. None where it would take more than 10 000.
std::optional<int> runs_to_decide(double dz, double alpha = 0.05, double power = 0.8);

}  // namespace kickdrum
