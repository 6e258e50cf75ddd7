// SPDX-License-Identifier: MIT
// Probabilities from decision values: Platt's sigmoid 1 / (1 + exp(a f + b)), fitted by Newton's method with
// backtracking on targets that are drawn in a little from 0 and 1. H.-T. Lin, C.-J. Lin, R. C. Weng, A note on
// Platt's probabilistic outputs for support vector machines, Machine Learning 68 (2007).
#pragma once

#include <span>
#include <vector>

namespace kickdrum {

struct PlattSigmoid {
    double a = -1;
    double b = 0;

    double operator()(double decision) const;
};

PlattSigmoid fit_platt(const std::vector<double>& decisions, const std::vector<bool>& present);

// A row of decisions, one per class, becomes probabilities that add up to 1.
void platt_probabilities(std::span<const PlattSigmoid> sigmoids, std::span<double> row);

}  // namespace kickdrum
