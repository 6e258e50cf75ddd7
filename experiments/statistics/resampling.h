// SPDX-License-Identifier: MIT
// Resampling of a handful of runs. n values have so few different resamples that for small n all of them are
// gone through, each with its probability: nothing is random then.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "experiments/statistics/intervals.h"

namespace kickdrum {

struct BcaInterval {
    Interval ci95;
    bool exact = false;  // all n^n resamples, else 20 000 random ones
};

// The 95 % interval of the mean by the bias-corrected and accelerated bootstrap (Efron 1987), as
// scipy.stats.bootstrap(method="BCa") has it; exact up to 10 values. None where it isn't defined: fewer than
// two values, all equal, or one that isn't finite.
std::optional<BcaInterval> bca_interval(std::span<const double> values);

// Almost stochastic order (del Barrio et al. 2018; Dror et al. 2019) of a over b: by how much a's
// distribution fails to lie above b's at every quantile.
//   violation = integral over {t: A(t) < B(t)} of (A - B)^2 / integral of (A - B)^2, A and B quantile
//   functions epsilon   = its upper 95 % bound: violation + z(0.95) * sd of the violation under resampling,
//   within [0, 1]
// a is almost stochastically better where epsilon < 0.5; the usual, stricter choice is 0.2.
struct StochasticOrder {
    double violation = 0;
    double epsilon = 0;
    bool exact = false;  // all resamples of both, else 2000 random ones
};
// None where the distributions are the same, or a value isn't finite, or there are fewer than two of one.
std::optional<StochasticOrder> almost_stochastic_order(std::span<const double> a, std::span<const double> b);

// How much of the scatter comes from the split and how much from the runs on one split (initial weights,
// order, dropout): a one-way random-effects analysis of variance. `groups`: the scores by split.
struct VarianceParts {
    double within = 0;   // variance between runs of one split
    double between = 0;  // between splits, without that; 0 where the estimate is below
    int splits = 0;
    int runs = 0;
};
// None with fewer than two splits, or no split with two runs: they can't be told apart then.
std::optional<VarianceParts> variance_parts(std::span<const std::vector<double>> groups);

}  // namespace kickdrum
