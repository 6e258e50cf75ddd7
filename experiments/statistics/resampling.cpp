// SPDX-License-Identifier: MIT
#include "experiments/statistics/resampling.h"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <cstdint>
#include <numeric>

#include "kernels/device/philox.h"

namespace kickdrum {
namespace {

constexpr std::size_t kMostEnumerated = 10;      // 92 378 different resamples
constexpr std::size_t kMostEnumeratedPairs = 6;  // 462 of each
constexpr int kRandomResamples = 20'000;
constexpr int kRandomPairs = 2'000;

bool usable(std::span<const double> values) {
    return values.size() >= 2 && std::ranges::all_of(values, [](double v) { return std::isfinite(v); });
}

// Calls `each` with how often every one of n values is drawn, and with the number of ordered draws that are
// so, for all different resamples.
void each_resample(std::size_t n, const std::function<void(const std::vector<int>&, double)>& each) {
    std::vector<double> factorial(n + 1, 1);
    for (std::size_t i = 1; i <= n; ++i) factorial[i] = factorial[i - 1] * static_cast<double>(i);
    std::vector<int> counts(n);
    const std::function<void(std::size_t, int, double)> choose = [&](std::size_t value, int left,
                                                                     double ways) {
        if (value + 1 == n) {
            counts[value] = left;
            each(counts, ways / factorial[static_cast<std::size_t>(left)]);
            return;
        }
        for (int count = 0; count <= left; ++count) {
            counts[value] = count;
            choose(value + 1, left - count, ways / factorial[static_cast<std::size_t>(count)]);
        }
    };
    choose(0, static_cast<int>(n), factorial[n]);
}

double mean_of(std::span<const double> values, const std::vector<int>& counts) {
    double sum = 0;
    for (std::size_t i = 0; i < values.size(); ++i) sum += counts[i] * values[i];
    return sum / static_cast<double>(values.size());
}

std::vector<int> random_counts(std::size_t n, const RandomStream& stream, std::uint64_t resample) {
    std::vector<int> counts(n);
    for (std::size_t draw = 0; draw < n; ++draw) {
        const std::uint32_t bits = philox(stream, draw, resample)[0];
        ++counts[uniform_below(bits, static_cast<std::uint32_t>(n))];
    }
    return counts;
}

// Values with how often each occurs.
class WeightedSample {
 public:
    void add(double value, double count) { values_.emplace_back(value, count); }
    void sort() {
        std::ranges::sort(values_);
        total_ = 0;
        for (const auto& [value, count] : values_) total_ += count;
    }
    // The share below, equal ones counted half. Means of the same values in another order may differ by
    // rounding: they are equal.
    double share_below(double value, double tolerance) const {
        double below = 0;
        for (const auto& [other, count] : values_) {
            if (std::abs(other - value) <= tolerance) {
                below += count / 2;
            } else if (other < value) {
                below += count;
            }
        }
        return below / total_;
    }
    // numpy.quantile's linear one over the values written out.
    double quantile(double q) const {
        const double position = q * (total_ - 1);
        const double below = std::floor(position);
        return at(below) + (position - below) * (at(below + 1) - at(below));
    }

 private:
    double at(double index) const {
        double seen = 0;
        for (const auto& [value, count] : values_) {
            seen += count;
            if (index < seen - 0.5) return value;
        }
        return values_.back().first;
    }

    std::vector<std::pair<double, double>> values_;
    double total_ = 0;
};

double acceleration(std::span<const double> values) {
    const double n = static_cast<double>(values.size());
    const double sum = std::accumulate(values.begin(), values.end(), 0.0);
    double squares = 0;
    double cubes = 0;
    for (const double value : values) {
        // (n - 1) * (mean of the jackknife means - the mean without this value)
        const double u = (n - 1) * (sum / n - (sum - value) / (n - 1));
        squares += u * u;
        cubes += u * u * u;
    }
    return cubes / (6 * std::pow(squares, 1.5));
}

// Both quantile functions are constant between multiples of 1/n and 1/m.
double violation_of(const std::vector<double>& a, const std::vector<double>& b) {
    double all = 0;
    double against = 0;
    std::size_t i = 0;
    std::size_t j = 0;
    std::uint64_t at = 0;  // t * n * m
    while (i < a.size() && j < b.size()) {
        const std::uint64_t end_a = (i + 1) * b.size();
        const std::uint64_t end_b = (j + 1) * a.size();
        const std::uint64_t end = std::min(end_a, end_b);
        const double difference = a[i] - b[j];
        const double part = static_cast<double>(end - at) * difference * difference;
        all += part;
        if (difference < 0) against += part;
        at = end;
        if (end_a == end) ++i;
        if (end_b == end) ++j;
    }
    // Two equal resamples: neither is above the other.
    return all > 0 ? against / all : 0.5;
}

std::vector<double> drawn(std::span<const double> sorted, const std::vector<int>& counts) {
    std::vector<double> values;
    for (std::size_t i = 0; i < sorted.size(); ++i) {
        values.insert(values.end(), static_cast<std::size_t>(counts[i]), sorted[i]);
    }
    return values;
}

struct Resample {
    std::vector<double> values;
    double ways = 0;
};

std::vector<Resample> all_resamples(std::span<const double> sorted) {
    std::vector<Resample> all;
    each_resample(sorted.size(), [&](const std::vector<int>& counts, double ways) {
        all.push_back({drawn(sorted, counts), ways});
    });
    return all;
}

// The standard deviation of the violation over resamples.
class Moments {
 public:
    void add(double value, double weight) {
        weight_ += weight;
        sum_ += weight * value;
        squares_ += weight * value * value;
    }
    double sd() const {
        const double mean = sum_ / weight_;
        return std::sqrt(std::max(0.0, squares_ / weight_ - mean * mean));
    }

 private:
    double weight_ = 0;
    double sum_ = 0;
    double squares_ = 0;
};

}  // namespace

std::optional<BcaInterval> bca_interval(std::span<const double> values) {
    if (!usable(values)) return std::nullopt;
    const auto [least, most] = std::ranges::minmax(values);
    const double tolerance = 1e-12 * std::max(std::abs(least), std::abs(most));
    if (most - least <= tolerance) return std::nullopt;
    BcaInterval result{.ci95 = {}, .exact = values.size() <= kMostEnumerated};
    WeightedSample means;
    if (result.exact) {
        each_resample(values.size(), [&](const std::vector<int>& counts, double ways) {
            means.add(mean_of(values, counts), ways);
        });
    } else {
        const RandomStream stream = random_stream(0, "statistics/bca");
        for (int resample = 0; resample < kRandomResamples; ++resample) {
            means.add(
                mean_of(values, random_counts(values.size(), stream, static_cast<std::uint64_t>(resample))),
                1);
        }
    }
    means.sort();
    const boost::math::normal normal;
    const double mean =
        std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
    const double bias = boost::math::quantile(normal, means.share_below(mean, tolerance));
    const double a = acceleration(values);
    const auto point = [&](double q) {
        const double z = bias + boost::math::quantile(normal, q);
        return means.quantile(boost::math::cdf(normal, bias + z / (1 - a * z)));
    };
    result.ci95 = {point(0.025), point(0.975)};
    return result;
}

std::optional<StochasticOrder> almost_stochastic_order(std::span<const double> a, std::span<const double> b) {
    if (!usable(a) || !usable(b)) return std::nullopt;
    std::vector<double> sorted_a(a.begin(), a.end());
    std::vector<double> sorted_b(b.begin(), b.end());
    std::ranges::sort(sorted_a);
    std::ranges::sort(sorted_b);
    if (sorted_a == sorted_b) return std::nullopt;
    StochasticOrder order;
    order.violation = violation_of(sorted_a, sorted_b);
    order.exact = std::max(a.size(), b.size()) <= kMostEnumeratedPairs;
    Moments moments;
    if (order.exact) {
        const auto resamples_b = all_resamples(sorted_b);
        for (const auto& one : all_resamples(sorted_a)) {
            for (const auto& other : resamples_b)
                moments.add(violation_of(one.values, other.values), one.ways * other.ways);
        }
    } else {
        const RandomStream stream_a = random_stream(0, "statistics/order/a");
        const RandomStream stream_b = random_stream(0, "statistics/order/b");
        for (std::uint64_t resample = 0; resample < kRandomPairs; ++resample) {
            moments.add(violation_of(drawn(sorted_a, random_counts(a.size(), stream_a, resample)),
                                     drawn(sorted_b, random_counts(b.size(), stream_b, resample))),
                        1);
        }
    }
    const double z = boost::math::quantile(boost::math::normal(), 0.95);
    order.epsilon = std::clamp(order.violation + z * moments.sd(), 0.0, 1.0);
    return order;
}

std::optional<VarianceParts> variance_parts(std::span<const std::vector<double>> groups) {
    VarianceParts parts;
    double sum = 0;
    double squares_of_counts = 0;
    for (const auto& group : groups) {
        if (group.empty()) continue;
        ++parts.splits;
        parts.runs += static_cast<int>(group.size());
        sum += std::accumulate(group.begin(), group.end(), 0.0);
        squares_of_counts += static_cast<double>(group.size()) * static_cast<double>(group.size());
    }
    if (parts.splits < 2 || parts.runs == parts.splits) return std::nullopt;
    const double n = parts.runs;
    const double mean = sum / n;
    double within = 0;
    double between = 0;
    for (const auto& group : groups) {
        if (group.empty()) continue;
        const double own =
            std::accumulate(group.begin(), group.end(), 0.0) / static_cast<double>(group.size());
        for (const double value : group) within += (value - own) * (value - own);
        between += static_cast<double>(group.size()) * (own - mean) * (own - mean);
    }
    parts.within = within / (n - parts.splits);
    const double size = (n - squares_of_counts / n) / (parts.splits - 1);
    parts.between = std::max(0.0, (between / (parts.splits - 1) - parts.within) / size);
    return parts;
}

}  // namespace kickdrum
