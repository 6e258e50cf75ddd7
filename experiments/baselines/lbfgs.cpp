// SPDX-License-Identifier: MIT
#include "experiments/baselines/lbfgs.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <numeric>

namespace kickdrum {
namespace {

constexpr std::size_t kMemory = 10;

double dot(std::span<const double> a, std::span<const double> b) {
    return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

struct Pair {
    std::vector<double> step;
    std::vector<double> change;  // of the gradient
    double rho = 0;              // 1 / (step * change)
};

// minus the inverse Hessian's approximation times the gradient
std::vector<double> direction(const std::deque<Pair>& pairs, std::span<const double> gradient) {
    std::vector<double> q(gradient.begin(), gradient.end());
    std::vector<double> alpha(pairs.size());
    for (std::size_t i = pairs.size(); i-- > 0;) {
        alpha[i] = pairs[i].rho * dot(pairs[i].step, q);
        for (std::size_t k = 0; k < q.size(); ++k) q[k] -= alpha[i] * pairs[i].change[k];
    }
    if (!pairs.empty()) {
        const Pair& last = pairs.back();
        const double scale = 1 / (last.rho * dot(last.change, last.change));
        for (double& value : q) value *= scale;
    }
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        const double beta = pairs[i].rho * dot(pairs[i].change, q);
        for (std::size_t k = 0; k < q.size(); ++k) q[k] += (alpha[i] - beta) * pairs[i].step[k];
    }
    for (double& value : q) value = -value;
    return q;
}

double largest(std::span<const double> values) {
    double most = 0;
    for (const double value : values) most = std::max(most, std::abs(value));
    return most;
}

}  // namespace

void minimize(const Objective& objective, std::vector<double>& x, int iterations, double tolerance) {
    constexpr int kHalvings = 40;
    std::vector<double> gradient(x.size());
    double value = objective(x, gradient);
    std::deque<Pair> pairs;
    for (int iteration = 0; iteration < iterations && largest(gradient) > tolerance; ++iteration) {
        const std::vector<double> way = direction(pairs, gradient);
        const double slope = dot(way, gradient);
        // The first step is as long as the gradient says nothing about.
        double step = pairs.empty() ? std::min(1.0, 1 / std::max(1e-12, largest(gradient))) : 1.0;
        std::vector<double> next(x.size());
        std::vector<double> next_gradient(x.size());
        double next_value = value;
        int halvings = 0;
        for (; halvings < kHalvings; ++halvings, step /= 2) {
            for (std::size_t k = 0; k < x.size(); ++k) next[k] = x[k] + step * way[k];
            next_value = objective(next, next_gradient);
            if (next_value <= value + 1e-4 * step * slope) break;
        }
        if (halvings == kHalvings) return;
        Pair pair{.step = next, .change = next_gradient};
        for (std::size_t k = 0; k < x.size(); ++k) {
            pair.step[k] -= x[k];
            pair.change[k] -= gradient[k];
        }
        const double curvature = dot(pair.step, pair.change);
        if (curvature >
            1e-12 * dot(pair.change, pair.change)) {  // else the approximation would lose its sign
            pair.rho = 1 / curvature;
            pairs.push_back(std::move(pair));
            if (pairs.size() > kMemory) pairs.pop_front();
        }
        x = std::move(next);
        gradient = std::move(next_gradient);
        value = next_value;
    }
}

}  // namespace kickdrum
