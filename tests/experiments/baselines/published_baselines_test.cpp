// SPDX-License-Identifier: MIT
// The published study's classical models on its own features: scikit-learn's decision values, LightGBM's rounds
// and losses. The data isn't part of the project: skipped where KICKDRUM_REFERENCE_DATA doesn't name it.
#include <gmock/gmock.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <map>

#include "experiments/baselines/baseline_run.h"
#include "experiments/config/read_experiment.h"
#include "experiments/data/label_table.h"
#include "experiments/data/labels.h"
#include "experiments/data/split.h"
#include "tests/experiments/baselines/problem.h"

namespace kickdrum {
namespace {

namespace fs = std::filesystem;

class PublishedBaselines : public testing::Test {
 protected:
    void SetUp() override {
        const char* data = std::getenv("KICKDRUM_REFERENCE_DATA");
        if (data == nullptr || !fs::exists(fs::path(data) / "hard_techno/reference/librosa_features.csv"))
            GTEST_SKIP() << "KICKDRUM_REFERENCE_DATA names no hard-techno data";
        reference_ = fs::path(data) / "hard_techno/reference";
    }

    // All runs of a baseline of the file that ships.
    std::vector<TrainingRunOutcome> fit(const std::string& name) {
        const ExperimentConfig config = read_experiment(
            fs::path(KICKDRUM_SOURCE_DIR) / "experiments/configs/hard_techno_baselines.yaml",
            {"baseline=" + name,
             "baselines." + name + ".table=" + (reference_ / "librosa_features.csv").string()});
        const BaselineData data =
            load_baseline_data(config, fitted_baselines(config), read_labels(config.data), {}, {});
        std::vector<TrainingRunOutcome> runs;
        for (int run = 1; run <= config.runs; ++run) {
            const std::uint32_t seed = config.split.seeds.at(static_cast<std::size_t>(run) - 1);
            runs.push_back(run_baseline(
                {.config = config,
                 .data = data,
                 .rows = config.chosen_baseline()->leaky()
                             ? published_rows(data.table, seed)
                             : rows_of_split(group_stratified_split(data.table, config.split, seed)),
                 .run = run,
                 .folder = {},
                 .pool = nullptr,
                 .go_on = [] { return true; }}));
        }
        return runs;
    }

    fs::path reference_;
};

std::map<std::string, std::vector<double>> numbers_by_id(const std::string& text) {
    std::map<std::string, std::vector<double>> rows;
    const auto parsed = parse_csv(text);
    for (std::size_t i = 1; i < parsed.size(); ++i) {
        for (std::size_t c = 1; c < parsed[i].fields.size(); ++c)
            rows[parsed[i].fields[0]].push_back(std::stod(parsed[i].fields[c]));
    }
    return rows;
}

TEST_F(PublishedBaselines, TheSvmDecidesAsScikitLearns) {
    if (!baseline_reference::has_library(BaselineKind::svm)) GTEST_SKIP() << "libsvm isn't here";
    const TrainingRunOutcome outcome = fit("svm-published").at(0);
    ASSERT_EQ(outcome.files.at(0).first, "decisions_test.csv");
    const auto decisions = numbers_by_id(outcome.files[0].second);
    Problems problems;
    const auto table = read_label_table(reference_ / "svm_published_protocol.csv", problems);
    ASSERT_TRUE(table);
    std::size_t compared = 0;
    for (const auto& row : table->rows) {
        if (row.fields[1] == "train") continue;
        const auto& ours = decisions.at(row.fields[0]);
        for (std::size_t c = 0; c < ours.size(); ++c)
            EXPECT_NEAR(ours[c], std::stod(row.fields[c + 2]), 1e-3) << row.fields[0];
        ++compared;
    }
    EXPECT_EQ(compared, 261U);
    const MultiLabelScores& scores = *outcome.result.multi_label;
    EXPECT_NEAR(scores.weighted_f1, 0.71, 0.005);
    EXPECT_NEAR(scores.micro_f1, 0.71, 0.005);
    EXPECT_NEAR(scores.macro_f1, 0.72, 0.005);
    const std::vector<double> by_class{0.68, 0.65, 0.68, 0.65, 0.95};
    for (std::size_t c = 0; c < by_class.size(); ++c) EXPECT_NEAR(scores.per_class[c].f1, by_class[c], 0.005);
}

TEST_F(PublishedBaselines, LightgbmStopsAtThePublishedRoundsAndLosses) {
    if (!baseline_reference::has_library(BaselineKind::lightgbm)) GTEST_SKIP() << "LightGBM isn't here";
    const RunResult untuned = fit("lightgbm-published").at(0).result;
    EXPECT_EQ(untuned.best_epoch, 69);
    EXPECT_NEAR(untuned.test.loss, 0.710398, 1e-4);
    EXPECT_NEAR(untuned.test.scores.weighted_f1, 0.76, 0.005);
    const RunResult tuned = fit("lightgbm-tuned-published").at(0).result;
    EXPECT_EQ(tuned.best_epoch, 63);
    EXPECT_NEAR(tuned.test.loss, 0.706085, 1e-4);
    EXPECT_NEAR(tuned.test.scores.weighted_f1, 0.76, 0.005);
    EXPECT_NEAR(tuned.test.scores.accuracy, 0.77, 0.005);
}

TEST_F(PublishedBaselines, ByTrackTheSvmScoresAsScikitLearns) {
    if (!baseline_reference::has_library(BaselineKind::svm)) GTEST_SKIP() << "libsvm isn't here";
    std::vector<double> scores;
    for (const auto& outcome : fit("svm")) scores.push_back(outcome.result.test.scores.weighted_f1);
    EXPECT_THAT(scores, testing::Pointwise(testing::DoubleNear(0.0005),
                                           std::vector<double>{0.577, 0.606, 0.661, 0.648, 0.672}));
}

}  // namespace
}  // namespace kickdrum
