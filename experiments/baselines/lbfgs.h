// SPDX-License-Identifier: MIT
// Minimises a smooth function by limited-memory BFGS: J. Nocedal, S. Wright, Numerical Optimization,
// algorithm 7.5, with a backtracking line search.
#pragma once

#include <functional>
#include <span>
#include <vector>

namespace kickdrum {

// Returns the value at x and writes the gradient there.
using Objective = std::function<double(std::span<const double> x, std::span<double> gradient)>;

// Changes x until no part of the gradient is above `tolerance`, or after so many iterations, or where the
// value can't be lowered any more.
void minimize(const Objective& objective, std::vector<double>& x, int iterations, double tolerance);

}  // namespace kickdrum
