// SPDX-License-Identifier: MIT
#include "experiments/baselines/platt.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace kickdrum {
namespace {

// log(1 + exp(-x)) without overflow.
double log1p_exp_minus(double x) {
    return x >= 0 ? std::log1p(std::exp(-x)) : -x + std::log1p(std::exp(x));
}

struct Fit {
    const std::vector<double>& decisions;
    std::vector<double> targets;

    // Cross-entropy of the targets; p = 1 / (1 + exp(z)).
    double loss(double a, double b) const {
        double sum = 0;
        for (std::size_t i = 0; i < decisions.size(); ++i) {
            const double z = a * decisions[i] + b;
            sum += targets[i] * log1p_exp_minus(-z) + (1 - targets[i]) * log1p_exp_minus(z);
        }
        return sum;
    }
};

struct Derivatives {
    double ga = 0;
    double gb = 0;
    double haa = 1e-12;  // keeps the matrix definite
    double hab = 0;
    double hbb = 1e-12;
};

Derivatives derivatives(const Fit& fit, const PlattSigmoid& at) {
    Derivatives d;
    for (std::size_t i = 0; i < fit.decisions.size(); ++i) {
        const double f = fit.decisions[i];
        const double p = at(f);
        const double slope = fit.targets[i] - p;
        const double curve = p * (1 - p);
        d.ga += slope * f;
        d.gb += slope;
        d.haa += curve * f * f;
        d.hab += curve * f;
        d.hbb += curve;
    }
    return d;
}

}  // namespace

double PlattSigmoid::operator()(double decision) const {
    const double z = a * decision + b;
    return z >= 0 ? std::exp(-z) / (1 + std::exp(-z)) : 1 / (1 + std::exp(z));
}

PlattSigmoid fit_platt(const std::vector<double>& decisions, const std::vector<bool>& present) {
    constexpr int kIterations = 100;
    constexpr double kSmallestStep = 1e-10;
    const auto positive = static_cast<double>(std::ranges::count(present, true));
    const double negative = static_cast<double>(present.size()) - positive;
    Fit fit{.decisions = decisions, .targets = {}};
    for (const bool one : present)
        fit.targets.push_back(one ? (positive + 1) / (positive + 2) : 1 / (negative + 2));

    PlattSigmoid at{.a = 0, .b = std::log((negative + 1) / (positive + 1))};
    double loss = fit.loss(at.a, at.b);
    for (int iteration = 0; iteration < kIterations; ++iteration) {
        const Derivatives d = derivatives(fit, at);
        if (std::abs(d.ga) < 1e-5 && std::abs(d.gb) < 1e-5) break;
        const double determinant = d.haa * d.hbb - d.hab * d.hab;
        const double da = -(d.hbb * d.ga - d.hab * d.gb) / determinant;
        const double db = -(d.haa * d.gb - d.hab * d.ga) / determinant;
        const double descent = d.ga * da + d.gb * db;
        double step = 1;
        for (; step >= kSmallestStep; step /= 2) {
            const double next = fit.loss(at.a + step * da, at.b + step * db);
            if (next >= loss + 1e-4 * step * descent) continue;
            at = {.a = at.a + step * da, .b = at.b + step * db};
            loss = next;
            break;
        }
        if (step < kSmallestStep) break;
    }
    return at;
}

void platt_probabilities(std::span<const PlattSigmoid> sigmoids, std::span<double> row) {
    for (std::size_t c = 0; c < row.size(); ++c) row[c] = sigmoids[c](row[c]);
    const double sum = std::accumulate(row.begin(), row.end(), 0.0);
    for (double& p : row) p = sum > 0 ? p / sum : 1 / static_cast<double>(row.size());
}

}  // namespace kickdrum
