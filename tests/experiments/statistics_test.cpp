// SPDX-License-Identifier: MIT
// Against SciPy and NumPy (statistics_reference.h), and what must hold for any numbers.
#include <gmock/gmock.h>

#include <cmath>

#include "experiments/statistics/paired_tests.h"
#include "experiments/statistics/power.h"
#include "experiments/statistics/resampling.h"
#include "tests/experiments/statistics_reference.h"

namespace kickdrum {
namespace {

constexpr double kClose = 1e-6;

std::vector<double> differences(const std::vector<double>& a, const std::vector<double>& b) {
    std::vector<double> result;
    for (std::size_t i = 0; i < a.size(); ++i) result.push_back(a[i] - b[i]);
    return result;
}

// kNone: there must be none.
void expect(const std::optional<double>& actual, double expected) {
    ASSERT_EQ(actual.has_value(), !std::isnan(expected));
    if (actual) {
        EXPECT_NEAR(*actual, expected, kClose);
    }
}

TEST(Statistics, MatchSciPy) {
    for (const auto& reference : kStatisticsReference) {
        SCOPED_TRACE(testing::PrintToString(reference.a));
        // As decimals, so that ties are ties.
        std::vector<double> d = differences(reference.a, reference.b);
        for (double& value : d) value = std::round(value * 1e12) / 1e12;
        const TestResult t = paired_t_test(d);
        expect(t.p, reference.t_p);
        if (t.p) {
            EXPECT_NEAR(t.statistic, reference.t, kClose);
        }
        expect(sign_flip_test(d).p, reference.flip_p);
        const TestResult wilcoxon = wilcoxon_test(d);
        expect(wilcoxon.p, reference.wilcoxon_p);
        EXPECT_NEAR(wilcoxon.statistic, reference.wilcoxon, kClose);
        const TestResult corrected = corrected_resampled_t_test(d, kTestOverTrain);
        expect(corrected.p, reference.corrected_p);
        if (corrected.p) {
            EXPECT_NEAR(corrected.statistic, reference.corrected_t, kClose);
        }
        expect(cohens_dz(d), reference.dz);
        EXPECT_NEAR(vargha_delaney_a(reference.a, reference.b), reference.a12, kClose);
        if (!reference.bca.empty()) {
            const auto bca = bca_interval(reference.a);
            ASSERT_TRUE(bca && bca->exact);
            EXPECT_NEAR(bca->ci95.low, reference.bca[0], kClose);
            EXPECT_NEAR(bca->ci95.high, reference.bca[1], kClose);
        }
        const auto order = almost_stochastic_order(reference.a, reference.b);
        ASSERT_TRUE(order);
        EXPECT_NEAR(order->violation, reference.violation, kClose);
        if (!std::isnan(reference.epsilon)) {
            EXPECT_TRUE(order->exact);
            EXPECT_NEAR(order->epsilon, reference.epsilon, kClose);
        }
    }
}

TEST(Statistics, PowerMatchesSciPy) {
    for (const auto& [dz, n, power] : kPowerReference) EXPECT_NEAR(paired_t_power(dz, n), power, kClose);
}

TEST(Statistics, FiveRunsCanNotReachFivePercent) {
    const std::vector<double> all_above{0.3, 0.1, 0.2, 0.5, 0.4};
    EXPECT_EQ(smallest_exact_p(5), 0.0625);
    EXPECT_EQ(*sign_flip_test(all_above).p, 0.0625);
    EXPECT_EQ(*wilcoxon_test(all_above).p, 0.0625);
    EXPECT_EQ(runs_for_exact_test(0.05), 6);
    // The fewest that reach the power, and never fewer than an exact test needs.
    EXPECT_EQ(runs_to_decide(0.5), 34);  // G*Power's well-known 34
    EXPECT_EQ(runs_to_decide(5), 6);
    EXPECT_EQ(runs_to_decide(-0.5), 34);
    EXPECT_FALSE(runs_to_decide(0));
    EXPECT_FALSE(runs_to_decide(0.001));
}

TEST(Statistics, WhatIsUndefinedHasNoP) {
    const double nan = std::nan("");
    for (const std::vector<double>& d : {std::vector<double>{}, {0.1}, {0, 0, 0}, {0.1, nan, 0.2}}) {
        EXPECT_FALSE(paired_t_test(d).p);
        EXPECT_FALSE(sign_flip_test(d).p);
        EXPECT_FALSE(wilcoxon_test(d).p);
        EXPECT_FALSE(corrected_resampled_t_test(d, 0.3).p);
        EXPECT_FALSE(cohens_dz(d));
        EXPECT_FALSE(bca_interval(d));
    }
    const std::vector<double> same{0.7, 0.7, 0.7};
    EXPECT_FALSE(bca_interval(same));
    EXPECT_FALSE(almost_stochastic_order(same, same));
    // Equal but for rounding: no spread, so no t.
    const std::vector<double> rounding{0.1 + 0.2, 0.3, 0.3};
    EXPECT_FALSE(paired_t_test(rounding).p);
}

TEST(Statistics, ExactTestsCountByHand) {
    // Of the 16 ways to sign 1, 2, 3, 4 two have a sum of at least 10 in size, two more one of 8.
    EXPECT_DOUBLE_EQ(*sign_flip_test(std::vector<double>{1, 2, 3, 4}).p, 2.0 / 16);
    EXPECT_DOUBLE_EQ(*sign_flip_test(std::vector<double>{-1, 2, 3, 4}).p, 4.0 / 16);
    // Zeros are left out of the ranks; 2 and -2 share rank 1.5.
    const TestResult ranks = wilcoxon_test(std::vector<double>{0, 2, -2, 5});
    EXPECT_EQ(ranks.n, 3);
    EXPECT_EQ(ranks.statistic, 1.5);
    EXPECT_DOUBLE_EQ(*ranks.p, 2 * 3.0 / 8);
}

TEST(Statistics, ManyRunsUseApproximations) {
    std::vector<double> d;
    for (int i = 0; i < 80; ++i) d.push_back((i * 37 % 80 - 30) * 0.01);
    const double t = *paired_t_test(d).p;
    const double flips = *sign_flip_test(d).p;
    const double ranks = *wilcoxon_test(d).p;
    EXPECT_NEAR(flips, t, 0.1 * t + 1e-4);
    // scipy.stats.wilcoxon(d, method="asymptotic"), SciPy 1.17.
    EXPECT_NEAR(ranks, 0.0011538602016463036, kClose);
    EXPECT_EQ(flips, *sign_flip_test(d).p);
    std::vector<double> few(d.begin(), d.begin() + 30);
    const auto bca = bca_interval(few);
    ASSERT_TRUE(bca);
    EXPECT_FALSE(bca->exact);
    EXPECT_LT(bca->ci95.low, describe(few).mean);
    EXPECT_GT(bca->ci95.high, describe(few).mean);
}

TEST(Statistics, HolmByHand) {
    // 4 * 0.01, 3 * 0.02, then 2 * 0.02 can't be below the one before.
    EXPECT_THAT(holm(std::vector<double>{0.02, 0.01, 0.6, 0.02}),
                testing::ElementsAre(testing::DoubleEq(0.06), testing::DoubleEq(0.04), testing::DoubleEq(0.6),
                                     testing::DoubleEq(0.06)));
    EXPECT_TRUE(holm({}).empty());
    EXPECT_EQ(holm(std::vector<double>{0.9, 0.8})[0], 1);
}

TEST(Statistics, StochasticOrderOfClearCases) {
    const std::vector<double> high{0.8, 0.82, 0.81};
    const std::vector<double> low{0.6, 0.62, 0.61};
    EXPECT_EQ(almost_stochastic_order(high, low)->epsilon, 0);
    EXPECT_EQ(almost_stochastic_order(low, high)->epsilon, 1);
    EXPECT_EQ(almost_stochastic_order(low, high)->violation, 1);
    const std::vector<double> wide{0.5, 0.9, 0.7};
    EXPECT_NEAR(almost_stochastic_order(wide, low)->violation + almost_stochastic_order(low, wide)->violation,
                1, 1e-12);
}

TEST(Statistics, VariancePartsByHand) {
    // Mean squares: 4 runs, 2 splits: between 16 / 1, within 4 / 2, and two runs a split.
    const std::vector<std::vector<double>> scores{{1, 3}, {5, 7}};
    const auto parts = variance_parts(scores);
    ASSERT_TRUE(parts);
    EXPECT_DOUBLE_EQ(parts->within, 2);
    EXPECT_DOUBLE_EQ(parts->between, (16 - 2) / 2.0);
    EXPECT_EQ(parts->splits, 2);
    EXPECT_EQ(parts->runs, 4);
    const std::vector<std::vector<double>> alike{{1, 3}, {2, 2}};
    EXPECT_EQ(variance_parts(alike)->between, 0);
    const std::vector<std::vector<double>> one_each{{1}, {2}, {3}};
    EXPECT_FALSE(variance_parts(one_each));
    const std::vector<std::vector<double>> one_split{{1, 2, 3}};
    EXPECT_FALSE(variance_parts(one_split));
    EXPECT_DOUBLE_EQ(probability_of_superiority(std::vector<double>{1, 0, -1, 2}), 2.5 / 4);
}

}  // namespace
}  // namespace kickdrum
