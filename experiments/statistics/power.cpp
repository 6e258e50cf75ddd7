// SPDX-License-Identifier: MIT
#include "experiments/statistics/power.h"

#include <boost/math/distributions/non_central_t.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>

#include "kernels/device/error.h"

namespace kickdrum {

double smallest_exact_p(int n) {
    require(n >= 1, "smallest_exact_p: {} differences decide nothing", n);
    return std::pow(2.0, 1 - n);
}

int runs_for_exact_test(double alpha) {
    require(alpha > 0 && alpha < 1, "runs_for_exact_test: alpha is {}", alpha);
    int n = 1;
    while (smallest_exact_p(n) >= alpha) ++n;
    return n;
}

double paired_t_power(double dz, int n, double alpha) {
    require(n >= 2, "paired_t_power: needs at least two runs, not {}", n);
    const double freedom = n - 1;
    const double critical = boost::math::quantile(boost::math::students_t(freedom), 1 - alpha / 2);
    const boost::math::non_central_t seen(freedom, std::abs(dz) * std::sqrt(static_cast<double>(n)));
    return boost::math::cdf(boost::math::complement(seen, critical)) + boost::math::cdf(seen, -critical);
}

std::optional<int> runs_to_decide(double dz, double alpha, double power) {
    constexpr int kMost = 10'000;
    if (!(std::abs(dz) > 0) || !std::isfinite(dz)) return std::nullopt;
    int low = runs_for_exact_test(alpha);
    if (paired_t_power(dz, low, alpha) >= power) return low;
    int high = low;
    while (high < kMost && paired_t_power(dz, high, alpha) < power) high *= 2;
    if (high > kMost) high = kMost;
    if (paired_t_power(dz, high, alpha) < power) return std::nullopt;
    while (high - low > 1) {  // power grows with n
        const int middle = (low + high) / 2;
        (paired_t_power(dz, middle, alpha) < power ? low : high) = middle;
    }
    return high;
}

}  // namespace kickdrum
