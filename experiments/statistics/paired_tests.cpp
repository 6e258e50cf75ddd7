// SPDX-License-Identifier: MIT
#include "experiments/statistics/paired_tests.h"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <cstdint>
#include <numeric>

#include "experiments/statistics/intervals.h"
#include "kernels/device/error.h"
#include "kernels/device/philox.h"

namespace kickdrum {
namespace {

constexpr std::size_t kMostFlipped = 16;
constexpr std::size_t kMostRanked = 50;
constexpr int kRandomFlips = 100'000;

bool finite(std::span<const double> values) {
    return std::ranges::all_of(values, [](double value) { return std::isfinite(value); });
}

// sd 0 but for rounding: 0.1 + 0.2 - 0.3 is no difference.
bool spread(const Description& description) {
    const double size = std::max(std::abs(description.min), std::abs(description.max));
    return description.sd && *description.sd > 1e-12 * size;
}

// t with the variance of the mean taken as `factor` times that of one difference.
TestResult t_test(std::span<const double> differences, double factor, std::string_view method) {
    TestResult test{.method = method, .n = static_cast<int>(differences.size())};
    if (differences.size() < 2 || !finite(differences)) return test;
    const Description description = describe(differences);
    if (!spread(description)) return test;
    test.statistic = description.mean / (*description.sd * std::sqrt(factor));
    const boost::math::students_t distribution(static_cast<double>(differences.size() - 1));
    test.p = 2 * boost::math::cdf(boost::math::complement(distribution, std::abs(test.statistic)));
    return test;
}

// Sums that are equal but for rounding count as equal.
class AtLeast {
 public:
    explicit AtLeast(std::span<const double> differences) {
        double size = 0;
        double sum = 0;
        for (const double d : differences) {
            size += std::abs(d);
            sum += d;
        }
        limit_ = std::abs(sum) - 1e-12 * size;
    }
    bool operator()(double sum) const { return std::abs(sum) >= limit_; }

 private:
    double limit_;
};

double share_of_all_flips(std::span<const double> differences) {
    const AtLeast at_least(differences);
    const std::uint64_t ways = std::uint64_t{1} << differences.size();
    std::uint64_t hits = 0;
    for (std::uint64_t way = 0; way < ways; ++way) {
        double sum = 0;
        for (std::size_t i = 0; i < differences.size(); ++i) {
            sum += (way >> i & 1U) != 0 ? -differences[i] : differences[i];
        }
        if (at_least(sum)) ++hits;
    }
    return static_cast<double>(hits) / static_cast<double>(ways);
}

double share_of_random_flips(std::span<const double> differences) {
    const AtLeast at_least(differences);
    const RandomStream stream = random_stream(0, "statistics/sign_flip");
    int hits = 0;
    for (int way = 0; way < kRandomFlips; ++way) {
        double sum = 0;
        for (std::size_t i = 0; i < differences.size(); ++i) {
            const std::uint32_t bit = philox(stream, i, static_cast<std::uint64_t>(way))[0] >> 31U;
            sum += bit != 0 ? -differences[i] : differences[i];
        }
        if (at_least(sum)) ++hits;
    }
    return (hits + 1.0) / (kRandomFlips + 1.0);
}

// Twice the mean ranks of the sizes, so that they are whole.
std::vector<int> doubled_ranks(std::span<const double> values) {
    std::vector<std::size_t> order(values.size());
    std::iota(order.begin(), order.end(), 0U);
    std::ranges::sort(order, {}, [&](std::size_t i) { return std::abs(values[i]); });
    std::vector<int> ranks(values.size());
    for (std::size_t first = 0; first < order.size();) {
        std::size_t last = first;
        while (last + 1 < order.size() &&
               std::abs(values[order[last + 1]]) == std::abs(values[order[first]])) {
            ++last;
        }
        for (std::size_t i = first; i <= last; ++i) ranks[order[i]] = static_cast<int>(first + last + 2);
        first = last + 1;
    }
    return ranks;
}

// P(rank sum of the positive ones <= sum), all signs alike.
double exact_rank_probability(const std::vector<int>& doubled, int doubled_sum) {
    const int total = std::accumulate(doubled.begin(), doubled.end(), 0);
    std::vector<double> ways(static_cast<std::size_t>(total) + 1);
    ways[0] = 1;
    int reached = 0;
    for (const int rank : doubled) {
        reached += rank;
        for (int sum = reached; sum >= rank; --sum) {
            ways[static_cast<std::size_t>(sum)] += ways[static_cast<std::size_t>(sum - rank)];
        }
    }
    const double below = std::accumulate(ways.begin(), ways.begin() + doubled_sum + 1, 0.0);
    return below / std::pow(2.0, static_cast<double>(doubled.size()));
}

double normal_rank_probability(const std::vector<int>& doubled, double sum) {
    double squares = 0;
    double mean = 0;
    for (const int rank : doubled) {
        mean += rank / 4.0;
        squares += rank / 2.0 * (rank / 2.0);
    }
    const double z = (sum - mean) / std::sqrt(squares / 4);
    return boost::math::cdf(boost::math::normal(), z);
}

}  // namespace

TestResult paired_t_test(std::span<const double> differences) {
    return t_test(differences, 1 / static_cast<double>(std::max<std::size_t>(differences.size(), 1)),
                  "paired t-test");
}

TestResult corrected_resampled_t_test(std::span<const double> differences, double test_over_train) {
    require(test_over_train >= 0, "corrected_resampled_t_test: no part can have {} times the clips",
            test_over_train);
    const double n = static_cast<double>(std::max<std::size_t>(differences.size(), 1));
    return t_test(differences, 1 / n + test_over_train, "corrected resampled t-test (Nadeau and Bengio)");
}

TestResult sign_flip_test(std::span<const double> differences) {
    const bool exact = differences.size() <= kMostFlipped;
    TestResult test{.method = exact ? "exact sign-flip permutation test"
                                    : "sign-flip permutation test, 100 000 random flips",
                    .n = static_cast<int>(differences.size())};
    if (differences.size() < 2 || !finite(differences)) return test;
    if (std::ranges::all_of(differences, [](double d) { return d == 0; })) return test;
    test.statistic = describe(differences).mean;
    test.p = exact ? share_of_all_flips(differences) : share_of_random_flips(differences);
    return test;
}

TestResult wilcoxon_test(std::span<const double> differences) {
    TestResult test{.method = "Wilcoxon signed-rank test, exact"};
    if (!finite(differences)) return test;
    std::vector<double> used(differences.begin(), differences.end());
    std::erase(used, 0.0);
    test.n = static_cast<int>(used.size());
    if (used.size() < 2) return test;
    const std::vector<int> doubled = doubled_ranks(used);
    int positive = 0;
    int total = 0;
    for (std::size_t i = 0; i < used.size(); ++i) {
        total += doubled[i];
        if (used[i] > 0) positive += doubled[i];
    }
    const int smaller = std::min(positive, total - positive);
    test.statistic = smaller / 2.0;
    if (used.size() <= kMostRanked) {
        test.p = std::min(1.0, 2 * exact_rank_probability(doubled, smaller));
    } else {
        test.method = "Wilcoxon signed-rank test, normal approximation";
        test.p = std::min(1.0, 2 * normal_rank_probability(doubled, test.statistic));
    }
    return test;
}

std::vector<double> holm(std::span<const double> p) {
    std::vector<std::size_t> order(p.size());
    std::iota(order.begin(), order.end(), 0U);
    std::ranges::stable_sort(order, {}, [&](std::size_t i) { return p[i]; });
    std::vector<double> adjusted(p.size());
    double highest = 0;
    for (std::size_t place = 0; place < order.size(); ++place) {
        highest = std::max(highest, static_cast<double>(p.size() - place) * p[order[place]]);
        adjusted[order[place]] = std::min(1.0, highest);
    }
    return adjusted;
}

std::optional<double> cohens_dz(std::span<const double> differences) {
    if (differences.size() < 2 || !finite(differences)) return std::nullopt;
    const Description description = describe(differences);
    if (!spread(description)) return std::nullopt;
    return description.mean / *description.sd;
}

double vargha_delaney_a(std::span<const double> a, std::span<const double> b) {
    require(!a.empty() && !b.empty(), "vargha_delaney_a: needs values of both");
    double above = 0;
    for (const double x : a) {
        for (const double y : b) above += x > y ? 1 : x == y ? 0.5 : 0;
    }
    return above / (static_cast<double>(a.size()) * static_cast<double>(b.size()));
}

double probability_of_superiority(std::span<const double> differences) {
    require(!differences.empty(), "probability_of_superiority: needs differences");
    double above = 0;
    for (const double d : differences) above += d > 0 ? 1 : d == 0 ? 0.5 : 0;
    return above / static_cast<double>(differences.size());
}

}  // namespace kickdrum
