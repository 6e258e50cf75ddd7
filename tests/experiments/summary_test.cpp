// SPDX-License-Identifier: MIT
#include "experiments/runs/summary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "experiments/runs/result_text.h"
#include "experiments/runs/results_folder.h"
#include "tests/support/synthetic_results.h"

namespace kickdrum {
namespace {

using Json = nlohmann::ordered_json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::vector<std::string> keys(const Json& json) {
    std::vector<std::string> names;
    for (const auto& [name, value] : json.items()) names.push_back(name);
    return names;
}

// From the predictions, by the textbook: sum over classes of support * 2 tp / (2 tp + fp + fn), over clips.
double weighted_f1(const std::vector<Prediction>& predictions, int classes) {
    double sum = 0;
    for (int c = 0; c < classes; ++c) {
        double tp = 0, fp = 0, fn = 0;
        for (const auto& p : predictions) {
            tp += p.label == c && p.predicted == c ? 1 : 0;
            fp += p.label != c && p.predicted == c ? 1 : 0;
            fn += p.label == c && p.predicted != c ? 1 : 0;
        }
        if (tp > 0) sum += (tp + fn) * 2 * tp / (2 * tp + fp + fn);
    }
    return sum / static_cast<double>(predictions.size());
}

TEST(Summary, IsComputedFromThePredictions) {
    const Results results = synthetic_results(5, 5);
    const Summary summary = summarize(results);
    EXPECT_EQ(summary.runs, 5);
    const MetricSummary& f1 = *summary.find("test.weighted_f1");
    ASSERT_EQ(f1.values.size(), 5U);
    double mean = 0;
    for (std::size_t run = 0; run < 5; ++run) {
        EXPECT_NEAR(f1.values[run], weighted_f1(results.runs[run].test.predictions, 5), 1e-12);
        mean += f1.values[run] / 5;
    }
    double squares = 0;
    for (const double value : f1.values) squares += (value - mean) * (value - mean);
    const double sd = std::sqrt(squares / 4);
    EXPECT_NEAR(f1.mean, mean, 1e-12);
    EXPECT_NEAR(f1.sd.value(), sd, 1e-12);
    EXPECT_NEAR(f1.ci95.value().low, mean - 2.7764451051977934 * sd / std::sqrt(5.0), 1e-9);
    EXPECT_NEAR(f1.ci95.value().high, mean + 2.7764451051977934 * sd / std::sqrt(5.0), 1e-9);
}

TEST(Summary, HasTheMetricsOfTheContract) {
    const Summary summary = summarize(synthetic_results(2, 2));
    for (const auto* name : {"test.weighted_f1", "test.macro_f1", "test.accuracy", "test.loss",
                             "val.weighted_f1", "val.loss", "val.accuracy", "train.weighted_f1", "best_epoch",
                             "epochs", "test.f1.tekno", "val.f1.non-techno-drop"}) {
        EXPECT_NE(summary.find(name), nullptr) << name;
    }
    EXPECT_EQ(summary.find("test.f1.absent"), nullptr);
}

TEST(SummaryJson, HasTheFieldsOfTheContract) {
    const Summary summary = summarize(synthetic_results(3, 3));
    const Json json = Json::parse(to_json(summary));
    EXPECT_THAT(keys(json), ElementsAre("name", "runs", "classes", "metrics"));
    EXPECT_EQ(json["name"], "synthetic-main");
    EXPECT_EQ(json["runs"], 3);
    EXPECT_EQ(json["classes"].size(), 5U);
    for (const auto& [name, metric] : json["metrics"].items()) {
        EXPECT_THAT(keys(metric), ElementsAre("mean", "sd", "min", "max", "ci95", "values")) << name;
        EXPECT_EQ(metric["ci95"].size(), 2U) << name;
        EXPECT_EQ(metric["values"].size(), 3U) << name;
        EXPECT_EQ(metric["mean"].get<double>(), summary.find(name)->mean) << name;
        EXPECT_EQ(metric["ci95"][1].get<double>(), summary.find(name)->ci95->high) << name;
    }
}

TEST(SummaryJson, SaysNullWhereNothingIsKnown) {
    Results results = synthetic_results(1, 1);
    results.runs[0].test.loss = std::numeric_limits<double>::quiet_NaN();
    const Json json = Json::parse(to_json(summarize(results)));
    const Json& f1 = json["metrics"]["test.weighted_f1"];
    EXPECT_TRUE(f1["sd"].is_null());
    EXPECT_TRUE(f1["ci95"].is_null());
    EXPECT_TRUE(f1["mean"].is_number());
    EXPECT_TRUE(json["metrics"]["test.loss"]["mean"].is_null());
}

TEST(SummaryJson, NamesPublishedFiguresWhereThereAre) {
    Results results = synthetic_results(2, 2);
    results.study.published = {{"test.weighted_f1", 0.77}};
    results.study.published_source = "table 3";
    const Json json = Json::parse(to_json(summarize(results)));
    EXPECT_EQ(json["published"]["test.weighted_f1"], 0.77);
    EXPECT_EQ(json["published_source"], "table 3");
}

TEST(Summary, OfNoRunsIsEmpty) {
    const Summary summary = summarize("none", {"a", "b"}, {});
    EXPECT_EQ(summary.runs, 0);
    EXPECT_TRUE(summary.metrics.empty());
    EXPECT_TRUE(Json::parse(to_json(summary))["metrics"].is_object());
    EXPECT_THAT(to_markdown(summary), HasSubstr("No run has finished"));
}

TEST(SummaryMarkdown, SaysWhatTheIntervalIs) {
    Results results = synthetic_results(5, 5);
    results.study.published = {{"test.weighted_f1", 0.5}};
    const Summary summary = summarize(results);
    const MetricSummary& f1 = *summary.find("test.weighted_f1");
    const std::string text = to_markdown(summary);
    EXPECT_THAT(text, HasSubstr(fmt::format("**{:.3f}** ± {:.3f} over 5 runs", f1.mean, *f1.sd)));
    EXPECT_THAT(text, HasSubstr(fmt::format("{:.3f} to {:.3f}", f1.ci95->low, f1.ci95->high)));
    EXPECT_THAT(text, HasSubstr("not the choice of clips"));
    EXPECT_THAT(text, HasSubstr(fmt::format("0.500 | {:+.3f} |", f1.mean - 0.5)));
    EXPECT_THAT(to_markdown(summarize(synthetic_results(1, 1))), HasSubstr("single run"));
}

// Every row has as many cells as the header, also where a class's name has a bar in it.
TEST(SummaryMarkdown, TablesAreWhole) {
    const std::string text = to_markdown(summarize(synthetic_results(2, 2, {42}, {"a|b", "c\nd"})));
    EXPECT_THAT(text, HasSubstr("a\\|b (test)"));
    std::size_t begin = 0;
    while (begin < text.size()) {
        const std::size_t end = text.find('\n', begin);
        const std::string line = text.substr(begin, end - begin);
        begin = end + 1;
        if (!line.starts_with('|')) continue;
        int bars = 0;
        for (std::size_t i = 0; i < line.size(); ++i)
            bars += line[i] == '|' && (i == 0 || line[i - 1] != '\\');
        EXPECT_EQ(bars, 7) << line;
    }
}

TEST(MeanConfusion, IsTheMeanWithItsDeviation) {
    const Results results = synthetic_results(4, 4);
    const MeanConfusion confusion = mean_confusion(results.runs, &RunResult::test);
    for (std::size_t row = 0; row < 5; ++row) {
        for (std::size_t column = 0; column < 5; ++column) {
            double sum = 0, squares = 0;
            for (const auto& run : results.runs) {
                double count = 0;
                for (const auto& p : run.test.predictions) {
                    count +=
                        p.label == static_cast<int>(row) && p.predicted == static_cast<int>(column) ? 1 : 0;
                }
                sum += count;
                squares += count * count;
            }
            EXPECT_NEAR(confusion.mean[row][column], sum / 4, 1e-12);
            EXPECT_NEAR(confusion.sd[row][column], std::sqrt(std::max(0.0, squares - sum * sum / 4) / 3),
                        1e-9);
        }
    }
    EXPECT_TRUE(mean_confusion({}, &RunResult::test).mean.empty());
}

TEST(MetricNames, AreThoseOfAReader) {
    EXPECT_EQ(metric_title("test.weighted_f1"), "test weighted F1");
    EXPECT_EQ(metric_title("val.macro_f1"), "val macro F1");
    EXPECT_EQ(metric_title("val.loss"), "val loss");
    EXPECT_EQ(metric_title("best_epoch"), "best epoch");
    EXPECT_EQ(metric_title("test.f1.a.b"), "test F1 of a.b");
    EXPECT_EQ(format_metric("test.loss", 0.12345), "0.123");
    EXPECT_EQ(format_metric("best_epoch", 15.55), "15.6");
}

TEST(ResultText, ClassificationReportIsThatOfTheRun) {
    const Results results = synthetic_results(1, 1, {42}, {"a", "longer name"});
    const Classification& scores = results.runs[0].test.scores;
    const std::string text = classification_report(results.runs, &RunResult::test, results.study.classes);
    EXPECT_THAT(text, HasSubstr(fmt::format("{:>12}  {:>9.3f}  {:>9.3f}  {:>9.3f}  {:>9}\n", "a",
                                            scores.per_class[0].precision, scores.per_class[0].recall,
                                            scores.per_class[0].f1, scores.per_class[0].support)));
    EXPECT_THAT(text, HasSubstr(fmt::format("{:.3f}", scores.weighted_f1)));
    EXPECT_THAT(text, HasSubstr("weighted avg"));
    EXPECT_EQ(classification_report({}, &RunResult::test, results.study.classes), "");
}

TEST(ResultText, ConfusionTableHasOneLinePerClass) {
    const Results results = synthetic_results(2, 2, {42}, {"a", "dürre", "c"});
    const std::string text = confusion_table(results.runs, &RunResult::test, results.study.classes);
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 4);
    const MeanConfusion confusion = mean_confusion(results.runs, &RunResult::test);
    EXPECT_THAT(text, HasSubstr(fmt::format("{:.1f}", confusion.mean[1][1])));
}

TEST(ResultText, AveragesAreWeightedBySupport) {
    const Results results = synthetic_results(1, 1);
    const Classification& scores = results.runs[0].test.scores;
    const AveragedScores averages = averaged(scores);
    EXPECT_NEAR(averages.weighted.f1, scores.weighted_f1, 1e-12);
    EXPECT_NEAR(averages.macro.f1, scores.macro_f1, 1e-12);
    EXPECT_NEAR(averages.weighted.recall, scores.accuracy, 1e-12);
    EXPECT_EQ(averages.macro.support, std::ssize(results.runs[0].test.predictions));
}

TEST(ResultText, DurationsReadWell) {
    EXPECT_EQ(duration_text(0.84), "0.8 s");
    EXPECT_EQ(duration_text(9.94), "9.9 s");
    EXPECT_EQ(duration_text(9.96), "10 s");
    EXPECT_EQ(duration_text(59.6), "1 min 00 s");
    EXPECT_EQ(duration_text(200), "3 min 20 s");
    EXPECT_EQ(duration_text(3900), "1 h 05 min");
    EXPECT_EQ(duration_text(-1), "0 s");
    EXPECT_EQ(duration_text(std::numeric_limits<double>::quiet_NaN()), "0 s");
}

}  // namespace
}  // namespace kickdrum
