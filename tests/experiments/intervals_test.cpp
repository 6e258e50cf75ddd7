// SPDX-License-Identifier: MIT
// Reference values: scipy 1.x, stats.t.ppf and stats.t.interval; numpy.percentile and numpy.std(ddof=1).
#include "experiments/statistics/intervals.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "kernels/device/error.h"
#include "nn/metrics/classification.h"

namespace kickdrum {
namespace {

TEST(Describe, MatchesScipyForFiveRuns) {
    const std::vector<double> values = {0.723, 0.766, 0.804, 0.813, 0.752};
    const Description description = describe(values);
    EXPECT_EQ(description.n, 5);
    EXPECT_NEAR(description.mean, 0.7716, 1e-15);
    EXPECT_NEAR(description.sd.value(), 0.03721961848273032, 1e-15);
    EXPECT_NEAR(description.ci95.value().low, 0.7253857397031143, 1e-12);
    EXPECT_NEAR(description.ci95.value().high, 0.8178142602968856, 1e-12);
    EXPECT_EQ(description.min, 0.723);
    EXPECT_EQ(description.max, 0.813);
    EXPECT_EQ(description.median, 0.766);
}

// Half the width, in units of sd / sqrt(n), is the quantile of the t distribution.
TEST(Describe, TakesTheQuantileOfStudentsT) {
    const std::pair<int, double> quantiles[] = {{2, 12.706204736174694},
                                                {3, 4.302652729749462},
                                                {5, 2.7764451051977934},
                                                {10, 2.262157162798205},
                                                {30, 2.045229642132703}};
    for (const auto& [n, expected] : quantiles) {
        std::vector<double> values;
        for (int i = 0; i < n; ++i) values.push_back(i * i);
        const Description description = describe(values);
        const double unit = *description.sd / std::sqrt(static_cast<double>(n));
        EXPECT_NEAR(description.ci95->half_width() / unit, expected, 1e-9) << "n = " << n;
    }
}

TEST(Describe, KnowsNoSpreadOfOneValue) {
    const Description description = describe(std::vector<double>{0.5});
    EXPECT_EQ(description.mean, 0.5);
    EXPECT_FALSE(description.sd.has_value());
    EXPECT_FALSE(description.ci95.has_value());
}

TEST(Describe, EqualValuesHaveNoWidth) {
    const Description description = describe(std::vector<double>{0.25, 0.25, 0.25});
    EXPECT_EQ(description.sd, 0.0);
    EXPECT_EQ(description.ci95->low, 0.25);
    EXPECT_EQ(description.ci95->high, 0.25);
}

TEST(Describe, RefusesNoValues) {
    EXPECT_THROW(describe({}), InvalidArgument);
}

TEST(Describe, IsNanWhereARunDiverged) {
    const Description description =
        describe(std::vector<double>{1, std::numeric_limits<double>::quiet_NaN(), 2});
    EXPECT_EQ(description.n, 3);
    for (const double value : {description.mean, description.median, description.min, description.max,
                               *description.sd, description.ci95->low, description.ci95->high}) {
        EXPECT_TRUE(std::isnan(value));
    }
}

TEST(Quantile, MatchesNumpyPercentile) {
    const std::vector<double> values = {7, 1, 3, 10};
    EXPECT_DOUBLE_EQ(quantile(values, 0.025), 1.15);
    EXPECT_DOUBLE_EQ(quantile(values, 0.25), 2.5);
    EXPECT_DOUBLE_EQ(quantile(values, 0.975), 9.775);
    EXPECT_EQ(quantile(values, 0), 1);
    EXPECT_EQ(quantile(values, 1), 10);
    EXPECT_EQ(median(values), 5);
    EXPECT_EQ(median(std::vector<double>{4}), 4);
}

TEST(Quantile, RefusesWhatHasNoMeaning) {
    const std::vector<double> values = {1, 2};
    EXPECT_THROW(quantile({}, 0.5), InvalidArgument);
    EXPECT_THROW(quantile(values, -0.1), InvalidArgument);
    EXPECT_THROW(quantile(values, 1.1), InvalidArgument);
    EXPECT_THROW(quantile(values, std::numeric_limits<double>::quiet_NaN()), InvalidArgument);
}

// `groups` groups of `clips` clips each, two classes in turn; within a group all predictions are right or all
// wrong: the first `right` groups of every class are right.
struct Part {
    std::vector<int> labels;
    std::vector<std::string> groups;
    std::vector<int> predictions;
};
Part two_classes(int groups, int clips, int right) {
    Part part;
    for (int group = 0; group < groups; ++group) {
        const int label = group % 2;
        const bool hit = group / 2 < right;
        for (int clip = 0; clip < clips; ++clip) {
            part.labels.push_back(label);
            part.groups.push_back(fmt::format("g{}", group));
            part.predictions.push_back(hit ? label : 1 - label);
        }
    }
    return part;
}

TEST(GroupBootstrap, EstimateIsTheMeanWeightedF1) {
    const std::vector<int> labels = {0, 0, 0, 1, 1, 2};
    const std::vector<std::string> groups = {"a", "a", "b", "c", "c", "d"};
    const std::vector<std::vector<int>> predictions = {{0, 1, 0, 1, 1, 0}, {0, 0, 2, 1, 0, 2}};
    const GroupBootstrap result = bootstrap_weighted_f1(labels, groups, predictions, 3, 10);
    const double expected =
        (classify(labels, predictions[0], 3).weighted_f1 + classify(labels, predictions[1], 3).weighted_f1) /
        2;
    EXPECT_NEAR(result.estimate, expected, 1e-15);
    EXPECT_EQ(result.groups, 4);
    EXPECT_EQ(result.resamples, 10);
}

TEST(GroupBootstrap, PerfectPredictionsHaveNoWidth) {
    const Part part = two_classes(20, 3, 10);
    const std::vector<std::vector<int>> runs = {part.predictions};
    const GroupBootstrap result = bootstrap_weighted_f1(part.labels, part.groups, runs, 2, 200);
    EXPECT_EQ(result.estimate, 1.0);
    EXPECT_EQ(result.ci95.low, 1.0);
    EXPECT_EQ(result.ci95.high, 1.0);
}

// 100 groups, 80 % of them right. With two classes that err alike the weighted F1 is close to the share of
// right groups, whose standard error is sqrt(0.8 * 0.2 / 100) = 0.04.
TEST(GroupBootstrap, WidthIsThatOfTheShareOfGroups) {
    const Part part = two_classes(100, 1, 40);
    const std::vector<std::vector<int>> runs = {part.predictions};
    const GroupBootstrap result = bootstrap_weighted_f1(part.labels, part.groups, runs, 2);
    EXPECT_NEAR(result.estimate, 0.8, 1e-12);
    EXPECT_NEAR(result.ci95.low, 0.8 - 1.96 * 0.04, 0.012);
    EXPECT_NEAR(result.ci95.high, 0.8 + 1.96 * 0.04, 0.012);
}

// The same clips in ten times as many groups are ten times as much evidence.
TEST(GroupBootstrap, DrawsWholeGroups) {
    const Part coarse = two_classes(20, 10, 8);
    Part fine = coarse;
    for (std::size_t i = 0; i < fine.groups.size(); ++i) fine.groups[i] = fmt::format("clip{}", i);
    const std::vector<std::vector<int>> runs = {coarse.predictions};
    const auto wide = bootstrap_weighted_f1(coarse.labels, coarse.groups, runs, 2);
    const auto narrow = bootstrap_weighted_f1(fine.labels, fine.groups, runs, 2);
    EXPECT_EQ(wide.estimate, narrow.estimate);
    EXPECT_NEAR(wide.ci95.half_width() / narrow.ci95.half_width(), std::sqrt(10.0), 0.4);
}

TEST(GroupBootstrap, IsDeterministic) {
    const Part part = two_classes(30, 2, 9);
    const std::vector<std::vector<int>> runs = {part.predictions};
    const auto a = bootstrap_weighted_f1(part.labels, part.groups, runs, 2, 300);
    const auto b = bootstrap_weighted_f1(part.labels, part.groups, runs, 2, 300);
    EXPECT_EQ(a.ci95.low, b.ci95.low);
    EXPECT_EQ(a.ci95.high, b.ci95.high);
}

TEST(GroupBootstrap, RefusesWhatDoesntFit) {
    const std::vector<int> labels = {0, 1};
    const std::vector<std::string> groups = {"a", "b"};
    const std::vector<std::vector<int>> good = {{0, 1}};
    const std::vector<std::vector<int>> short_run = {{0}};
    const std::vector<std::vector<int>> beyond = {{0, 2}};
    EXPECT_THROW(bootstrap_weighted_f1({}, {}, good, 2), InvalidArgument);
    EXPECT_THROW(bootstrap_weighted_f1(labels, groups, {}, 2), InvalidArgument);
    EXPECT_THROW(bootstrap_weighted_f1(labels, std::vector<std::string>{"a"}, good, 2), InvalidArgument);
    EXPECT_THROW(bootstrap_weighted_f1(labels, groups, short_run, 2), InvalidArgument);
    EXPECT_THROW(bootstrap_weighted_f1(labels, groups, beyond, 2), InvalidArgument);
    EXPECT_THROW(bootstrap_weighted_f1(std::vector<int>{0, -1}, groups, good, 2), InvalidArgument);
    EXPECT_THROW(bootstrap_weighted_f1(labels, groups, good, 2, 0), InvalidArgument);
}

}  // namespace
}  // namespace kickdrum
