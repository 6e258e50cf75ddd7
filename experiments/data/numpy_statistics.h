// SPDX-License-Identifier: MIT
// Sums, means and standard deviations with NumPy's bits. StratifiedGroupKFold compares them, and their last
// bit decides between groups whose counts are permutations of each other: another order of summation gives
// another split.
#pragma once

#include <span>

namespace kickdrum::numpy {

// np.sum of contiguous doubles: pairwise, in blocks of at most 128 with eight running sums each
// (numpy/_core/src/umath/loops_utils.h.src).
double sum(std::span<const double> values);

// np.mean; NaN for no values.
double mean(std::span<const double> values);

// np.std with ddof 0, along contiguous values.
double standard_deviation(std::span<const double> values);

// np.std with ddof 0 down column `column` of a row-major table [rows, columns]: NumPy adds the rows one after
// the other, except where the table has one column and the values are therefore contiguous.
double column_deviation(std::span<const double> table, std::size_t columns, std::size_t column);

// np.isclose with its default tolerances.
bool is_close(double a, double b);

}  // namespace kickdrum::numpy
