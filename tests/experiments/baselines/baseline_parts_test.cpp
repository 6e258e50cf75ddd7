// SPDX-License-Identifier: MIT
// What stands around the models: splits, searches, votes, importance, saved models.
#include <gmock/gmock.h>

#include <numeric>
#include <set>

#include "experiments/baselines/baseline_model.h"
#include "experiments/baselines/folds.h"
#include "experiments/baselines/importance.h"
#include "experiments/baselines/search.h"
#include "experiments/baselines/vote.h"
#include "experiments/diagnostics.h"
#include "tests/experiments/baselines/problem.h"

namespace kickdrum {
namespace {

using baseline_reference::fit_data;
using baseline_reference::fit_spec;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(PublishedRows, AreTrainTestSplitsOfTheClipsByName) {
    ClipTable table{.classes = {"a"}, .clips = {}};
    for (int i = 12; i >= 0; --i) {
        const std::string id =
            std::string(1, i % 2 == 0 ? 'C' : 'c') + (i < 10 ? "0" : "") + std::to_string(i);
        table.clips.push_back({.id = id, .group = "one", .label = 0});
    }
    const BaselineRows rows = published_rows(table, 42);
    const auto number = [&](std::int32_t clip) { return 12 - clip; };  // the table stands upside down
    std::vector<int> train;
    std::vector<int> test;
    for (const auto clip : rows.train) train.push_back(number(clip));
    for (const auto clip : rows.test) test.push_back(number(clip));
    EXPECT_EQ(train, baseline_reference::kSplitTrain);
    EXPECT_EQ(test, baseline_reference::kSplitTest);
    EXPECT_TRUE(rows.val.empty());
}

TEST(StratifiedFolds, KeepGroupsTogetherWhereThereAreGroups) {
    std::vector<int> labels;
    std::vector<std::string> groups;
    for (int i = 0; i < 60; ++i) {
        labels.push_back(i / 4 % 3);
        groups.push_back("track" + std::to_string(i / 4));
    }
    const auto folds = stratified_folds(labels, groups, 3, 42);
    std::map<std::string, std::set<int>> folds_of_group;
    for (std::size_t i = 0; i < folds.size(); ++i) folds_of_group[groups[i]].insert(folds[i]);
    for (const auto& [group, its_folds] : folds_of_group) EXPECT_EQ(its_folds.size(), 1U) << group;
    const auto without = stratified_folds(labels, {}, 3, 42);
    for (int fold = 0; fold < 3; ++fold) {
        for (int label = 0; label < 3; ++label) {
            int count = 0;
            for (std::size_t i = 0; i < labels.size(); ++i)
                count += without[i] == fold && labels[i] == label ? 1 : 0;
            EXPECT_NEAR(count, 20.0 / 3, 1) << "of class " << label << " in fold " << fold;
        }
    }
}

TEST(StratifiedFolds, NeedAGroupForEach) {
    const std::vector<int> labels{0, 0, 1, 1};
    const std::vector<std::string> groups{"a", "a", "b", "b"};
    try {
        stratified_folds(labels, groups, 3, 42);
        FAIL();
    } catch (const UserError& error) {
        EXPECT_EQ(error.code(), ExitCode::data);
        EXPECT_THAT(error.what(), HasSubstr("2 groups, too few for 3 folds"));
    }
}

TEST(RandomSearch, DrawsDifferentPointsOfTheGrid) {
    RandomSearch search{.draws = 5, .grid = {{"c", {1, 2, 3}}, {"gamma", {0.1, 0.3, 1}}}};
    const auto drawn = draw_parameters(search, default_parameters(BaselineKind::svm));
    ASSERT_EQ(drawn.size(), 5U);
    EXPECT_EQ(std::set<Parameters>(drawn.begin(), drawn.end()).size(), 5U);
    for (const auto& one : drawn) {
        EXPECT_THAT(search.grid.at("c"), testing::Contains(one.at("c")));
        EXPECT_THAT(search.grid.at("gamma"), testing::Contains(one.at("gamma")));
    }
    EXPECT_EQ(draw_parameters(search, default_parameters(BaselineKind::svm)), drawn);
    search.draws = 100;
    EXPECT_EQ(draw_parameters(search, {}).size(), 9U) << "the whole grid, no point twice";
}

TEST(RandomSearch, FindsThePenaltyThatDoesBestWithAnyNumberOfThreads) {
    const RandomSearch search{.draws = 10, .grid = {{"c", {1e-6, 1e-5, 1}}, {"iterations", {200}}}};
    std::vector<SearchFold> folds;
    folds.push_back({fit_data()});
    const auto go_on = [] { return true; };
    const FitSpec base = fit_spec(BaselineKind::logistic);
    const SearchResult alone = random_search(search, base, folds, nullptr, go_on);
    ThreadPool pool(3);
    const SearchResult together = random_search(search, base, folds, &pool, go_on);
    EXPECT_EQ(alone.best, together.best);
    EXPECT_EQ(alone.score, together.score);
    double best = -1;
    for (const double c : {1e-6, 1e-5, 1.0}) {
        FitSpec spec = base;
        spec.parameters = {{"c", c}, {"iterations", 200}};
        const FitData data = fit_data();
        best = std::max(best,
                        macro_f1(fit_classifier(spec, data)->probabilities(data.watch), data.watch_labels));
    }
    EXPECT_EQ(alone.score, best);
    EXPECT_TRUE(random_search(search, base, folds, &pool, [] { return false; }).interrupted);
}

Matrix probabilities(std::initializer_list<std::array<double, 2>> rows) {
    Matrix matrix(rows.size(), 2);
    std::size_t i = 0;
    for (const auto& row : rows) std::ranges::copy(row, matrix.row(i++).begin());
    return matrix;
}

TEST(Vote, TakesTheWeightsThatDoBestOnValidation) {
    // The first is right on clips 0 to 2, the second on 3; only between 1/3 and 1/2 of the first all are right.
    const VoteMember first{
        .train = {}, .val = probabilities({{.9, .1}, {.9, .1}, {.9, .1}, {.9, .1}}), .test = {}};
    const VoteMember second{
        .train = {}, .val = probabilities({{.7, .3}, {.7, .3}, {.3, .7}, {.0, 1}}), .test = {}};
    const std::vector<int> labels{0, 0, 0, 1};
    const auto weights = best_weights({first, second}, labels, 0.1);
    EXPECT_THAT(weights, ElementsAre(testing::DoubleEq(0.5), testing::DoubleEq(0.5)));
    const auto mixed = weighted({first, second}, {1, 3}, &VoteMember::val);
    EXPECT_NEAR(mixed.row(2)[0], (0.9 + 3 * 0.3) / 4, 1e-12);
}

TEST(Importance, GathersFeaturesByFamily) {
    EXPECT_EQ(feature_family("mfcc7"), "mfcc");
    EXPECT_EQ(feature_family("mfcc_delta_3_sd"), "mfcc_delta");
    EXPECT_EQ(feature_family("band_12_p90"), "band");
    EXPECT_EQ(feature_family("band_12_kurtosis"), "band_kurtosis");
    EXPECT_EQ(feature_family("flux_low_lag_14"), "flux_low");
    EXPECT_EQ(feature_family("onset_strength_max_to_mean"), "onset_strength");
    EXPECT_EQ(feature_family("together_3_14"), "together");
    EXPECT_EQ(feature_family("spec_bw"), "spec_bw");
    EXPECT_EQ(feature_family("tempo"), "tempo");
}

BaselineModel small_model() {
    BaselineModel model;
    model.classes = {"a", "b", "c"};
    const FitData data = fit_data();
    model.members.push_back(
        {.weight = 2,
         .kind = BaselineKind::logistic,
         .source = "published",
         .names = {"left", "right", "noise", "height"},
         .scaler = fit_scaler(baseline_reference::raw(0, baseline_reference::kTrain), 2.5),
         .classifier = fit_classifier(fit_spec(BaselineKind::logistic), data)});
    return model;
}

TEST(Importance, IsThatOfTheFeaturesThatTellTheClassesApart) {
    const BaselineModel model = small_model();
    const auto list =
        family_importance(model.members[0], baseline_reference::raw(0, baseline_reference::kTrain),
                          baseline_reference::labels(0, baseline_reference::kTrain), 1);
    ASSERT_EQ(list.size(), 4U);
    EXPECT_NE(list.front().family, "noise");
    EXPECT_GT(list.front().permutation, 0.05);
    for (const auto& one : list) {
        EXPECT_EQ(one.features, 1);
        EXPECT_FALSE(one.gain) << "no trees";
        if (one.family == "noise") {
            EXPECT_LT(one.permutation, list.front().permutation / 2);
        }
    }
}

TEST(BaselineModel, ComesBackFromItsFile) {
    const BaselineModel model = small_model();
    const BaselineModel again = read_baseline_model(model.to_json(), "model.json");
    EXPECT_EQ(again.classes, model.classes);
    EXPECT_THAT(again.sources(), ElementsAre("published"));
    EXPECT_EQ(again.members[0].names, model.members[0].names);
    const Matrix rows = baseline_reference::raw(baseline_reference::kTrain, baseline_reference::kRows);
    const auto raw = [&](const std::string&) -> const Matrix& { return rows; };
    EXPECT_EQ(again.probabilities(raw).values, model.probabilities(raw).values);
}

std::string refusal(const std::string& text) {
    try {
        read_baseline_model(text, "model.json");
    } catch (const UserError& error) {
        EXPECT_EQ(error.code(), ExitCode::usage);
        return error.what();
    }
    return "none";
}

TEST(BaselineModel, RefusesWhatItCantRead) {
    const std::string text = small_model().to_json();
    EXPECT_THAT(refusal("{}"), HasSubstr("no baseline that Kickdrum saved"));
    EXPECT_THAT(refusal(text.substr(0, text.size() / 2)), HasSubstr("no baseline that Kickdrum saved"));
    std::string newer = text;
    newer.replace(newer.find("\"version\":1"), 11, "\"version\":2");
    EXPECT_THAT(refusal(newer), HasSubstr("version 2 of the format, and this program reads version 1"));
    std::string other = text;
    other.replace(other.find("\"logistic\""), 10, "\"oracle\"");
    EXPECT_THAT(refusal(other), HasSubstr("unknown kind of model 'oracle'"));
    std::string short_scale = text;
    short_scale.replace(short_scale.find("\"left\","), 7, "");
    EXPECT_THAT(refusal(short_scale), HasSubstr("don't fit the features"));
}

}  // namespace
}  // namespace kickdrum
