// SPDX-License-Identifier: MIT
// What a report says in words and draws, before any markup.
#include "experiments/report/findings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "experiments/report/calibration.h"
#include "experiments/report/comparison.h"
#include "experiments/report/svg_marks.h"
#include "experiments/report/svg_plot.h"
#include "experiments/runs/results_folder.h"
#include "tests/support/synthetic_results.h"

namespace kickdrum {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(Comparison, SaysWhetherTheDifferenceMeansAnything) {
    const Interval runs{0.75, 0.79};
    const Interval test_set{0.70, 0.84};
    const auto verdict = [&](double published) {
        return compare_with_published(0.77, runs, test_set, published).verdict;
    };
    EXPECT_EQ(verdict(0.78), Verdict::within_runs);
    EXPECT_EQ(verdict(0.75), Verdict::within_runs);
    EXPECT_EQ(verdict(0.72), Verdict::within_test_set);
    EXPECT_EQ(verdict(0.90), Verdict::beyond_both);
    EXPECT_EQ(compare_with_published(0.77, std::nullopt, test_set, 0.77).verdict, Verdict::unknown);
    EXPECT_EQ(compare_with_published(0.77, runs, std::nullopt, 0.72).verdict, Verdict::beyond_both);
    const Comparison above = compare_with_published(0.77, runs, test_set, 0.60);
    EXPECT_NEAR(above.difference, 0.17, 1e-12);
    EXPECT_EQ(verdict_text(above, 5, runs, "chance").short_form, "0.170 above the published 0.600.");
    const Comparison inside = compare_with_published(0.77, runs, test_set, 0.78);
    EXPECT_THAT(verdict_text(inside, 5, runs, "chance").short_form, HasSubstr("Can't be told apart"));
    EXPECT_THAT(verdict_text(inside, 5, runs, "chance").reason,
                AllOf(HasSubstr("0.010 below"), HasSubstr("0.020")));
}

// Two predictions of 95 %, one of them right; two of 65 %, both right.
TEST(Calibration, MatchesAnExampleByHand) {
    Results results = synthetic_results(1, 1, {42}, {"a", "b"});
    results.runs[0].test.predictions = {
        {.sample_id = "1", .label = 0, .predicted = 0, .probabilities = {0.95F, 0.05F}},
        {.sample_id = "2", .label = 1, .predicted = 0, .probabilities = {0.95F, 0.05F}},
        {.sample_id = "3", .label = 1, .predicted = 1, .probabilities = {0.35F, 0.65F}},
        {.sample_id = "4", .label = 1, .predicted = 1, .probabilities = {0.35F, 0.65F}}};
    const Calibration found = calibration(results);
    ASSERT_EQ(found.bins.size(), 10U);
    EXPECT_EQ(found.bins[9].predictions, 2);
    EXPECT_EQ(found.bins[9].accuracy, 0.5);
    EXPECT_NEAR(found.bins[9].confidence, 0.95, 1e-6);
    EXPECT_EQ(found.bins[6].predictions, 2);
    EXPECT_EQ(found.bins[6].accuracy, 1);
    EXPECT_NEAR(found.error.mean, 0.5 * 0.45 + 0.5 * 0.35, 1e-6);
    EXPECT_NEAR(found.confidence, 0.8, 1e-6);
    EXPECT_EQ(found.accuracy, 0.75);
}

// Three runs; group g1 has clips x and y, g2 has z.
Results small_results() {
    Results results = synthetic_results(3, 3, {42}, {"a", "b"});
    results.splits = {
        {.seed = 42,
         .rows = {{"x", "g1", 0, Part::test}, {"y", "g1", 0, Part::test}, {"z", "g2", 1, Part::test}}}};
    const int predicted[3][3] = {{1, 0, 1}, {1, 1, 1}, {1, 0, 0}};
    for (std::size_t run = 0; run < 3; ++run) {
        auto& part = results.runs[run].test;
        part.predictions.clear();
        const char* names[] = {"x", "y", "z"};
        const int labels[] = {0, 0, 1};
        for (std::size_t clip = 0; clip < 3; ++clip) {
            const int p = predicted[run][clip];
            part.predictions.push_back({.sample_id = names[clip],
                                        .label = labels[clip],
                                        .predicted = p,
                                        .probabilities = {p == 0 ? 0.75F : 0.25F, p == 1 ? 0.75F : 0.25F}});
        }
        part.scores = classify(std::vector<int>{0, 0, 1}, predicted[run], 2);
    }
    return results;
}

TEST(Findings, ClipsAndGroupsMostOftenWrong) {
    const Results results = small_results();
    const auto clips = most_often_wrong(results, 10);
    ASSERT_EQ(clips.size(), 3U);
    EXPECT_EQ(clips[0].id, "x");
    EXPECT_EQ(clips[0].group, "g1");
    EXPECT_EQ(clips[0].wrong, 3);
    EXPECT_EQ(clips[0].tested, 3);
    EXPECT_EQ(clips[0].predicted, 1);
    EXPECT_NEAR(clips[0].confidence, 0.75, 1e-6);
    EXPECT_NEAR(clips[0].true_probability, 0.25, 1e-6);
    EXPECT_NEAR(clips[1].true_probability, (0.75 + 0.25 + 0.75) / 3, 1e-6);
    EXPECT_EQ(most_often_wrong(results, 1).size(), 1U);
    const auto groups = hardest_groups(results, 10);
    ASSERT_EQ(groups.size(), 1U) << "a group of one clip is a clip";
    EXPECT_EQ(groups[0].group, "g1");
    EXPECT_EQ(groups[0].clips, 2);
    EXPECT_EQ(groups[0].predictions, 6);
    EXPECT_EQ(groups[0].wrong, 4);
}

TEST(Findings, ClassesMostConfused) {
    const auto pairs = most_confused(small_results(), 5);
    ASSERT_EQ(pairs.size(), 2U);
    EXPECT_EQ(pairs[0].label, 0);
    EXPECT_EQ(pairs[0].predicted, 1);
    EXPECT_NEAR(pairs[0].clips, 4.0 / 3, 1e-12);
    EXPECT_NEAR(pairs[0].share, 2.0 / 3, 1e-12);
}

TEST(Findings, LeaksAreFoundAndComeFirst) {
    Results results = synthetic_results(2, 2);
    EXPECT_THAT(count_split(results.splits[0], 5).leaked, IsEmpty());
    const auto train = std::find_if(results.splits[0].rows.begin(), results.splits[0].rows.end(),
                                    [](const SplitRow& row) { return row.part == Part::train; });
    train->part = Part::test;
    EXPECT_THAT(count_split(results.splits[0], 5).leaked, ElementsAre(train->group));
    const auto sentences = warnings(results);
    ASSERT_FALSE(sentences.empty());
    EXPECT_THAT(sentences[0], AllOf(HasSubstr("Leak"), HasSubstr(train->group)));
}

TEST(Findings, WarnsOfWhatCantBeTrusted) {
    const auto said = [](const Results& results) {
        std::string text;
        for (const auto& sentence : warnings(results)) text += sentence + '\n';
        return text;
    };
    EXPECT_EQ(said(synthetic_results(5, 5)), "");
    EXPECT_THAT(said(synthetic_results(1, 1)), HasSubstr("single run"));
    Results results = synthetic_results(3, 3);
    results.runs[1].val.loss = std::numeric_limits<double>::quiet_NaN();
    EXPECT_THAT(said(results), HasSubstr("run 2"));
    results = synthetic_results(3, 3);
    for (auto& run : results.runs) {
        for (auto& row : run.test.scores.confusion) row[2] = 0;
    }
    EXPECT_THAT(said(results), HasSubstr("ever predicts 'warzone'"));
    results = synthetic_results(3, 3);
    results.study.skipped = {{"c", "broken"}};
    EXPECT_THAT(said(results), HasSubstr("1 clip was left out"));
}

TEST(Findings, TestSetUncertaintyNeedsAllGroups) {
    Results results = synthetic_results(2, 2);
    const auto whole = test_set_uncertainty(results);
    ASSERT_TRUE(whole.has_value());
    EXPECT_EQ(whole->groups, 40);
    EXPECT_EQ(whole->clips, std::ssize(results.runs[0].test.predictions));
    EXPECT_LT(whole->ci95.low, summarize(results).find("test.weighted_f1")->mean);
    EXPECT_GT(whole->ci95.high, summarize(results).find("test.weighted_f1")->mean);
    results.splits[0].rows.clear();
    EXPECT_FALSE(test_set_uncertainty(results).has_value());
}

TEST(Svg, TicksAreRoundAndInside) {
    EXPECT_THAT(svg::nice_ticks(0, 1, 5),
                ElementsAre(0, testing::DoubleEq(0.2), testing::DoubleEq(0.4),
                            testing::DoubleNear(0.6, 1e-12), testing::DoubleEq(0.8), 1));
    for (const auto& [low, high] : {std::pair(0.7, 0.83), std::pair(1.0, 50.0), std::pair(-3.0, 1e6)}) {
        const auto ticks = svg::nice_ticks(low, high, 5);
        EXPECT_GE(ticks.size(), 2U);
        EXPECT_LE(ticks.size(), 8U);
        EXPECT_GE(ticks.front(), low);
        EXPECT_LE(ticks.back(), high + 1e-9 * high);
    }
    EXPECT_EQ(svg::nice_ticks(2, 2, 5).size(), 1U);
    EXPECT_EQ(svg::tick_decimals({0.7, 0.75, 0.8}), 2);
    EXPECT_EQ(svg::tick_decimals({10, 20}), 0);
}

TEST(Svg, TheMedianEndsWhereHalfOfTheRunsHaveEnded) {
    EXPECT_THAT(median_curve({{1, 2, 3, 4}, {3, 4, 5}, {5}}), ElementsAre(3, 3, 4));
    EXPECT_THAT(median_curve({}), IsEmpty());
    EXPECT_TRUE(std::isnan(median_curve({{1, std::nan("")}, {2, 3}})[1]));
}

TEST(Svg, ASingleOutlierDoesntSquashTheRest) {
    std::vector<double> loss(100, 0.5);
    for (std::size_t i = 0; i < 100; ++i) loss[i] += 0.001 * static_cast<double>(i);
    loss[3] = 1000;
    const Interval range = value_range({{.label = "val", .css_class = "val", .runs = {loss}}});
    EXPECT_LT(range.high, 1);
    EXPECT_LT(range.low, 0.5);
}

}  // namespace
}  // namespace kickdrum
