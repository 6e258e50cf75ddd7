// SPDX-License-Identifier: MIT
// The main job from audio files to the results folder, as its user sees it.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/integration/tiny_study.h"

namespace kickdrum {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::string first_line(const fs::path& file) {
    const std::string text = text_of(file);
    return text.substr(0, text.find('\n'));
}

// history.csv without its last column, the seconds.
std::string without_seconds(const fs::path& file) {
    std::istringstream lines(text_of(file));
    std::string text;
    for (std::string line; std::getline(lines, line);) text += line.substr(0, line.rfind(',')) + '\n';
    return text;
}

// One run of the experiment for all tests that only look at what it left.
class FinishedRun : public testing::Test {
 protected:
    static void SetUpTestSuite() {
        study = new TinyStudy;
        outcome = new Outcome((*study)({"run", "experiment.yaml"}));
    }
    static void TearDownTestSuite() {
        delete outcome;
        delete study;
    }
    void SetUp() override { ASSERT_EQ(outcome->code, 0) << outcome->err; }
    static fs::path results(const std::string& name) { return *study / ("results/tiny/" + name); }

    static TinyStudy* study;
    static Outcome* outcome;
};
TinyStudy* FinishedRun::study = nullptr;
Outcome* FinishedRun::outcome = nullptr;

TEST_F(FinishedRun, LeavesEveryFileOfTheFolder) {
    for (const auto* name :
         {"experiment.yaml", "resolved.yaml", "environment.json", "split.csv", "summary.json", "summary.md",
          "report.html", "log.jsonl", "runs/01/history.csv", "runs/01/metrics.json",
          "runs/01/predictions_val.csv", "runs/01/predictions_test.csv", "runs/01/model.safetensors",
          "runs/02/history.csv", "runs/02/metrics.json", "runs/02/predictions_val.csv",
          "runs/02/predictions_test.csv", "runs/02/model.safetensors"}) {
        EXPECT_GT(fs::file_size(results(name)), 0U) << name;
    }
    EXPECT_FALSE(fs::exists(results("runs/03")));
    EXPECT_EQ(text_of(results("experiment.yaml")), TinyStudy::kExperiment);
}

TEST_F(FinishedRun, TablesHaveTheirColumns) {
    EXPECT_EQ(first_line(results("runs/01/history.csv")),
              "epoch,loss,accuracy,val_loss,val_accuracy,val_weighted_f1,learning_rate,seconds");
    EXPECT_EQ(first_line(results("runs/01/predictions_test.csv")), "sample_id,label,predicted,p_low,p_high");
    EXPECT_EQ(first_line(results("split.csv")), "sample_id,group,label,part");
    EXPECT_THAT(text_of(results("runs/01/history.csv")), HasSubstr("\n1,"));
}

TEST_F(FinishedRun, MetricsHaveTheirFields) {
    const json metrics = json::parse(text_of(results("runs/02/metrics.json")));
    EXPECT_EQ(metrics.at("run"), 2);
    EXPECT_EQ(metrics.at("epochs"), 3);
    EXPECT_TRUE(metrics.at("stopped_early").is_boolean());
    EXPECT_TRUE(metrics.at("seed").is_number_unsigned());
    EXPECT_GE(metrics.at("best_epoch").get<int>(), 1);
    EXPECT_TRUE(metrics.at("seconds").is_object());
    int clips = 0;
    for (const auto* part : {"train", "val", "test"}) {
        const json& scores = metrics.at(part);
        for (const auto* name : {"loss", "accuracy", "weighted_f1", "macro_f1"}) {
            EXPECT_TRUE(scores.at(name).is_number()) << part << ' ' << name;
        }
        for (const auto* class_name : {"low", "high"}) {
            const json& one = scores.at("per_class").at(class_name);
            for (const auto* name : {"precision", "recall", "f1"}) EXPECT_TRUE(one.at(name).is_number());
            clips += one.at("support").get<int>();
        }
        ASSERT_EQ(scores.at("confusion").size(), 2U);
        EXPECT_EQ(scores.at("confusion").at(0).size(), 2U);
    }
    EXPECT_EQ(clips, 36);
}

TEST_F(FinishedRun, SummaryHasItsFieldsAndAgreesWithTheRuns) {
    const json summary = json::parse(text_of(results("summary.json")));
    EXPECT_EQ(summary.at("name"), "tiny");
    EXPECT_EQ(summary.at("runs"), 2);
    EXPECT_EQ(summary.at("classes"), json({"low", "high"}));
    for (const auto* name :
         {"test.weighted_f1", "val.weighted_f1", "val.loss", "val.accuracy", "best_epoch"}) {
        const json& metric = summary.at("metrics").at(name);
        for (const auto* field : {"mean", "sd", "min", "max"}) EXPECT_TRUE(metric.at(field).is_number());
        EXPECT_EQ(metric.at("ci95").size(), 2U);
        EXPECT_EQ(metric.at("values").size(), 2U);
    }
    for (int run = 1; run <= 2; ++run) {
        const json metrics = json::parse(text_of(results(fmt::format("runs/{:02}/metrics.json", run))));
        EXPECT_EQ(
            summary.at("metrics").at("test.weighted_f1").at("values").at(static_cast<std::size_t>(run - 1)),
            metrics.at("test").at("weighted_f1"));
    }
}

TEST_F(FinishedRun, EnvironmentSaysWhereAndHow) {
    const json environment = json::parse(text_of(results("environment.json")));
    EXPECT_EQ(environment.at("command"), "kickdrum run experiment.yaml");
    EXPECT_EQ(environment.at("device"), "cpu");
    EXPECT_FALSE(environment.at("implementations").empty());
}

TEST_F(FinishedRun, LogIsJsonLineByLine) {
    std::istringstream lines(text_of(results("log.jsonl")));
    int count = 0;
    for (std::string line; std::getline(lines, line); ++count) {
        EXPECT_TRUE(json::parse(line).contains("event")) << line;
    }
    EXPECT_GE(count, 3);
}

TEST_F(FinishedRun, TerminalTextIsPlainWhenPiped) {
    EXPECT_THAT(outcome->err, IsEmpty());
    EXPECT_THAT(outcome->out, HasSubstr("run 2/2  epoch 3/3"));
    EXPECT_THAT(outcome->out, HasSubstr("Confusion matrix"));
    EXPECT_THAT(outcome->out, HasSubstr("test weighted F1"));
    EXPECT_THAT(outcome->out, HasSubstr("results/tiny/report.html"));
    EXPECT_EQ(outcome->out.find_first_of("\r\x1b"), std::string::npos);
}

TEST_F(FinishedRun, TheFolderIsNotOverwrittenWithoutForce) {
    const std::string before = text_of(results("summary.json"));
    const Outcome refused = (*study)({"run", "experiment.yaml", "--set", "seed=8"});
    EXPECT_EQ(refused.code, 2);
    EXPECT_THAT(refused.err, HasSubstr("--force"));
    EXPECT_EQ(text_of(results("summary.json")), before);
}

// Other threads, another folder, features from the cache: the same bits.
TEST_F(FinishedRun, TheSameSeedGivesTheSameBits) {
    const Outcome again = (*study)({"run", "experiment.yaml", "--out", "again", "--threads", "3"});
    ASSERT_EQ(again.code, 0) << again.err;
    for (const auto* run : {"runs/01/", "runs/02/"}) {
        for (const auto* name : {"model.safetensors", "predictions_val.csv", "predictions_test.csv"}) {
            const std::string file = std::string(run) + name;
            EXPECT_EQ(text_of(results(file)), text_of(*study / ("again/" + file))) << file;
        }
        EXPECT_EQ(without_seconds(results(std::string(run) + "history.csv")),
                  without_seconds(*study / ("again/" + std::string(run) + "history.csv")));
    }
    EXPECT_NE(text_of(results("runs/01/model.safetensors")), text_of(results("runs/02/model.safetensors")));
}

TEST_F(FinishedRun, AnotherSeedGivesOtherWeights) {
    ASSERT_EQ(
        (*study)({"run", "experiment.yaml", "--out", "other", "--set", "seed=8", "--set", "runs=1"}).code, 0);
    EXPECT_NE(text_of(results("runs/01/model.safetensors")),
              text_of(*study / "other/runs/01/model.safetensors"));
}

// What the report command makes of the folder is what run made of it.
TEST_F(FinishedRun, ReportRebuildsTheSummary) {
    const std::string before = text_of(results("summary.json"));
    fs::remove(results("summary.json"));
    fs::remove(results("report.html"));
    const Outcome report = (*study)({"report", "results/tiny"});
    ASSERT_EQ(report.code, 0) << report.err;
    EXPECT_EQ(text_of(results("summary.json")), before);
    EXPECT_THAT(text_of(results("report.html")), HasSubstr("</html>"));
    EXPECT_THAT(report.out, HasSubstr("2 of 2 runs"));
}

TEST_F(FinishedRun, ReportComparesFolders) {
    const Outcome report = (*study)({"report", "results/tiny", "results/tiny", "--out", "compared"});
    ASSERT_EQ(report.code, 0) << report.err;
    EXPECT_THAT(report.out, HasSubstr("test weighted F1"));
    EXPECT_THAT(text_of(*study / "compared/comparison.md"),
                AllOf(HasSubstr("| tiny (results/tiny) | 2 |"), HasSubstr("The runs gave the same scores")));
    const json document = json::parse((*study)({"report", "results/tiny", "--json"}).out);
    EXPECT_EQ(document.at("results").at(0).at("summary").at("runs"), 2);
}

TEST(Run, JsonIsTheSummaryAndNothingElse) {
    const TinyStudy study;
    const Outcome outcome = study({"run", "experiment.yaml", "--json", "--out", "here"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(json::parse(outcome.out), json::parse(text_of(study / "here/summary.json")));
    EXPECT_THAT(outcome.err, HasSubstr("epoch"));
}

TEST(Run, QuietPrintsTheResultAlone) {
    const TinyStudy study;
    const Outcome outcome = study({"run", "experiment.yaml", "--quiet", "--set", "runs=1"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_THAT(outcome.out, Not(HasSubstr("epoch 1/")));
    EXPECT_THAT(outcome.out, HasSubstr("test weighted F1"));
}

TEST(Run, ForceReplacesTheResults) {
    const TinyStudy study;
    ASSERT_EQ(study({"run", "experiment.yaml"}).code, 0);
    write_text(study / "results/tiny/notes.txt", "mine");
    const Outcome outcome = study({"run", "experiment.yaml", "--force", "--set", "runs=1"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_FALSE(fs::exists(study / "results/tiny/runs/02"));
    EXPECT_EQ(text_of(study / "results/tiny/notes.txt"), "mine");
}

TEST(Check, SaysWhatARunWouldDo) {
    const TinyStudy study;
    const Outcome outcome = study({"check", "experiment.yaml"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    for (const auto* text : {"36 clips in 18 groups", "conv2d_1", "16x16x4", "Memory:", "an estimate"}) {
        EXPECT_THAT(outcome.out, HasSubstr(text));
    }
    EXPECT_FALSE(fs::exists(study / "results"));
    EXPECT_THAT(study({"run", "--dry-run", "experiment.yaml"}).out, HasSubstr("36 clips in 18 groups"));
}

// conv 3x3x1x4 + 4, dense 8x8x4 x 2 + 2.
TEST(Check, AsJson) {
    const TinyStudy study;
    const Outcome outcome = study({"check", "experiment.yaml", "--json"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    const json document = json::parse(outcome.out);
    EXPECT_EQ(document.at("clips"), 36);
    EXPECT_EQ(document.at("model").at("parameters"), 40 + 514);
    EXPECT_EQ(document.at("model").at("layers").at(0).at("output"), json({16, 16, 4}));
    const json& memory = document.at("memory_bytes");
    EXPECT_EQ(memory.at("parameters"), (40 + 514) * 4 * 4);
    EXPECT_EQ(memory.at("features"), 36 * 16 * 16 * 4);
    EXPECT_GT(memory.at("activations").get<int>(), 0);
    EXPECT_GT(document.at("estimated_seconds").at("total").get<double>(), 0);
    const json& parts = document.at("splits").at(0).at("parts");
    EXPECT_EQ(parts.at("train").at("clips").get<int>() + parts.at("val").at("clips").get<int>() +
                  parts.at("test").at("clips").get<int>(),
              36);
}

TEST(Check, SaysWhichRowsPoolingDrops) {
    const TinyStudy study;
    const Outcome outcome = study({"check", "experiment.yaml", "--set", "features.size=[17, 16]"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_THAT(outcome.out, HasSubstr("drops 1 rows"));
}

}  // namespace
}  // namespace kickdrum
