// SPDX-License-Identifier: MIT
// The files of a results folder as text: names and fields that other programs rely on, and back.
#include "experiments/runs/result_files.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "experiments/diagnostics.h"
#include "tests/support/synthetic_results.h"

namespace kickdrum {
namespace {

using Json = nlohmann::ordered_json;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::string first_line(const std::string& text) {
    return text.substr(0, text.find('\n'));
}

std::vector<std::string> keys(const Json& json) {
    std::vector<std::string> names;
    for (const auto& [name, value] : json.items()) names.push_back(name);
    return names;
}

// What the reading of a wrong text says.
template <class Read>
std::string complaint(Read read) {
    try {
        read();
    } catch (const UserError& error) {
        EXPECT_EQ(error.code(), ExitCode::usage);
        return to_string(error.diagnostics().at(0));
    }
    return {};
}

const std::vector<std::string> kClasses = {"bouncy", "a,b", "say \"hi\""};

TEST(HistoryCsv, HasTheHeaderOfTheContract) {
    EXPECT_EQ(first_line(history_csv({})),
              "epoch,loss,accuracy,val_loss,val_accuracy,val_weighted_f1,learning_rate,seconds");
}

TEST(HistoryCsv, ComesBack) {
    auto history = synthetic_history(1, 20);
    history[3].val_loss = std::numeric_limits<double>::quiet_NaN();
    history[4].loss = std::numeric_limits<double>::infinity();
    const auto read = read_history(history_csv(history), "history.csv");
    ASSERT_EQ(read.size(), 20U);
    for (std::size_t i = 0; i < 20; ++i) {
        EXPECT_EQ(read[i].epoch, static_cast<int>(i) + 1);
        EXPECT_NEAR(read[i].accuracy, history[i].accuracy, 1e-9);
        EXPECT_NEAR(read[i].val_weighted_f1, history[i].val_weighted_f1, 1e-9);
        EXPECT_EQ(read[i].learning_rate, history[i].learning_rate);
    }
    EXPECT_NEAR(read[0].val_loss, history[0].val_loss, 1e-8);
    EXPECT_TRUE(std::isnan(read[3].val_loss));
    EXPECT_TRUE(std::isinf(read[4].loss));
}

TEST(HistoryCsv, ComplaintsNameFileAndLine) {
    const std::string header = first_line(history_csv({})) + '\n';
    EXPECT_THAT(complaint([] { read_history("epoch,loss\n", "h.csv"); }), HasSubstr("h.csv:1"));
    EXPECT_THAT(complaint([&] { read_history(header + "1,2,3\n", "h.csv"); }), HasSubstr("h.csv:2"));
    EXPECT_THAT(complaint([&] { read_history(header + "1,x,0,0,0,0,0,0\n", "h.csv"); }), HasSubstr("'x'"));
    EXPECT_THAT(complaint([&] { read_history(header + "1,0.5s,0,0,0,0,0,0\n", "h.csv"); }),
                HasSubstr("0.5s"));
    EXPECT_THAT(complaint([] { read_history("", "h.csv"); }), HasSubstr("h.csv"));
}

TEST(PredictionsCsv, HasTheHeaderOfTheContract) {
    EXPECT_EQ(first_line(predictions_csv({}, std::vector<std::string>{"bouncy", "tekno"})),
              "sample_id,label,predicted,p_bouncy,p_tekno");
}

TEST(PredictionsCsv, ComesBackToTheBit) {
    const std::vector<Prediction> predictions = {
        {.sample_id = "x,1", .label = 0, .predicted = 2, .probabilities = {0.1F, 1e-30F, 0.9F}},
        {.sample_id = "y\"2", .label = 1, .predicted = 1, .probabilities = {1.0F / 3, 1.0F / 3, 1.0F / 3}}};
    const auto read = read_predictions(predictions_csv(predictions, kClasses), kClasses, "p.csv");
    ASSERT_EQ(read.size(), 2U);
    for (std::size_t i = 0; i < 2; ++i) {
        EXPECT_EQ(read[i].sample_id, predictions[i].sample_id);
        EXPECT_EQ(read[i].label, predictions[i].label);
        EXPECT_EQ(read[i].predicted, predictions[i].predicted);
        EXPECT_EQ(read[i].probabilities, predictions[i].probabilities);
    }
}

TEST(PredictionsCsv, ComplaintsNameTheClass) {
    const std::vector<std::string> classes = {"a", "b"};
    EXPECT_THAT(complaint([&] {
                    read_predictions("sample_id,label,predicted,p_a,p_b\nx,a,c,0,1\n", classes, "p.csv");
                }),
                testing::AllOf(HasSubstr("p.csv:2"), HasSubstr("'c'")));
    EXPECT_THAT(complaint([&] { read_predictions("sample_id,label,predicted,p_a\n", classes, "p.csv"); }),
                HasSubstr("p.csv:1"));
}

TEST(SplitCsv, HasTheHeaderOfTheContractAndComesBack) {
    const std::vector<SplitRow> rows = {
        {"x", "g,1", 0, Part::train}, {"y", "g2", 2, Part::val}, {"z", "g3", 1, Part::test}};
    const std::string text = split_csv(rows, kClasses);
    EXPECT_EQ(text,
              "sample_id,group,label,part\nx,\"g,1\",bouncy,train\ny,g2,\"say \"\"hi\"\"\",val\n"
              "z,g3,\"a,b\",test\n");
    const auto read = read_split(text, kClasses, "split.csv");
    ASSERT_EQ(read.size(), 3U);
    for (std::size_t i = 0; i < 3; ++i) {
        EXPECT_EQ(read[i].sample_id, rows[i].sample_id);
        EXPECT_EQ(read[i].group, rows[i].group);
        EXPECT_EQ(read[i].label, rows[i].label);
        EXPECT_EQ(read[i].part, rows[i].part);
    }
    EXPECT_THAT(
        complaint([] { read_split("sample_id,group,label,part\nx,g,bouncy,dev\n", kClasses, "split.csv"); }),
        testing::AllOf(HasSubstr("split.csv:2"), HasSubstr("'dev'")));
}

TEST(MetricsJson, HasTheFieldsOfTheContract) {
    const Results results = synthetic_results(1, 1);
    const RunResult& run = results.runs[0];
    const Json json = Json::parse(metrics_json(run, results.study.classes));
    EXPECT_THAT(keys(json), ElementsAre("run", "seed", "epochs", "best_epoch", "stopped_early", "train",
                                        "val", "test", "seconds"));
    EXPECT_EQ(json["epochs"], run.history.size());
    for (const auto* part : {"train", "val", "test"}) {
        EXPECT_THAT(keys(json[part]),
                    ElementsAre("loss", "accuracy", "weighted_f1", "macro_f1", "per_class", "confusion"));
        EXPECT_EQ(keys(json[part]["per_class"]), results.study.classes);
        EXPECT_THAT(keys(json[part]["per_class"]["tekno"]),
                    ElementsAre("precision", "recall", "f1", "support"));
    }
    // Rows are true classes, columns predicted ones.
    std::int64_t tekno_as_warzone = 0;
    for (const auto& p : run.test.predictions) tekno_as_warzone += p.label == 1 && p.predicted == 2 ? 1 : 0;
    EXPECT_EQ(json["test"]["confusion"][1][2], tekno_as_warzone);
}

TEST(MetricsJson, ComesBack) {
    Results results = synthetic_results(1, 1);
    RunResult& run = results.runs[0];
    run.seed = std::numeric_limits<std::uint64_t>::max();
    run.train.loss = std::numeric_limits<double>::quiet_NaN();
    const auto& classes = results.study.classes;
    const RunResult read = read_metrics(metrics_json(run, classes), classes, "metrics.json");
    EXPECT_EQ(read.run, run.run);
    EXPECT_EQ(read.seed, run.seed);
    EXPECT_EQ(read.best_epoch, run.best_epoch);
    EXPECT_EQ(read.stopped_early, run.stopped_early);
    EXPECT_EQ(read.seconds, run.seconds);
    EXPECT_TRUE(std::isnan(read.train.loss));
    EXPECT_EQ(read.test.loss, run.test.loss);
    EXPECT_EQ(read.test.scores.weighted_f1, run.test.scores.weighted_f1);
    EXPECT_EQ(read.test.scores.confusion, run.test.scores.confusion);
    EXPECT_EQ(read.test.scores.per_class[3].recall, run.test.scores.per_class[3].recall);
}

TEST(MetricsJson, ComplaintsNameTheFile) {
    const std::vector<std::string> classes = {"a"};
    EXPECT_THAT(complaint([&] { read_metrics("{\"run\": 1", classes, "m.json"); }), HasSubstr("m.json"));
    EXPECT_THAT(complaint([&] { read_metrics("{}", classes, "m.json"); }), HasSubstr("m.json"));
    EXPECT_THAT(complaint([&] { read_metrics("{\"run\": \"one\"}", classes, "m.json"); }),
                HasSubstr("m.json"));
    EXPECT_THAT(complaint([&] { read_metrics("[]", classes, "m.json"); }), HasSubstr("m.json"));
    const Results results = synthetic_results(1, 1);
    const std::string text = metrics_json(results.runs[0], results.study.classes);
    EXPECT_THAT(complaint([&] { read_metrics(text, classes, "m.json"); }), HasSubstr("m.json"))
        << "classes of another experiment";
}

TEST(StateJson, ComesBack) {
    Study study = synthetic_results(5, 0, {1, 4'000'000'000}).study;
    study.published = {{"test.weighted_f1", 0.5}};
    study.published_source = "thesis";
    study.skipped = {{"c1", "clips/c1.mp3 can't be decoded"}};
    for (const auto status :
         {StudyStatus::running, StudyStatus::interrupted, StudyStatus::failed, StudyStatus::done}) {
        const State read = read_state(state_json(study, status), "state.json");
        EXPECT_EQ(read.status, status);
        EXPECT_EQ(read.study.name, study.name);
        EXPECT_EQ(read.study.runs, study.runs);
        EXPECT_EQ(read.study.seed, study.seed);
        EXPECT_EQ(read.study.classes, study.classes);
        EXPECT_EQ(read.study.split_seeds, study.split_seeds);
        EXPECT_EQ(read.study.published, study.published);
        EXPECT_EQ(read.study.published_source, study.published_source);
        EXPECT_EQ(read.study.model, study.model);
        EXPECT_EQ(read.study.experiment, study.experiment);
        ASSERT_EQ(read.study.skipped.size(), 1U);
        EXPECT_EQ(read.study.skipped[0].reason, study.skipped[0].reason);
    }
    EXPECT_THAT(complaint([] { read_state("{}", "state.json"); }), HasSubstr("state.json"));
}

TEST(StateFile, OfALaterFormIsRefused) {
    std::string text = state_json(Study{.name = "x", .classes = {"a", "b"}}, StudyStatus::done);
    const auto at = text.find("\"format\": 1");
    ASSERT_NE(at, std::string::npos);
    text.replace(at, 11, "\"format\": 99");
    EXPECT_THAT(
        complaint([&] { read_state(text, "state.json"); }),
        AllOf(HasSubstr("this folder has the format 99"), HasSubstr("use the version that wrote it")));
}

TEST(StateFile, OfAnotherVersionSaysSo) {
    const std::string old = R"({"kickdrum": "0.0.1", "status": "done", "name": "x", "runs": 1})";
    EXPECT_THAT(complaint([&] { read_state(old, "state.json"); }),
                AllOf(HasSubstr("'seed' not found"), HasSubstr("was written by Kickdrum 0.0.1"),
                      HasSubstr("run the experiment again")));
    // Of this version it's damage, and nothing else is said.
    const std::string own = fmt::format(R"({{"kickdrum": "{}", "status": "done"}})", kickdrum_version());
    EXPECT_THAT(complaint([&] { read_state(own, "state.json"); }), Not(HasSubstr("was written by")));
}

// What versions before the leak check wrote has neither it nor a format.
TEST(StateFile, OfAnEarlierVersionIsRead) {
    const std::string old = R"({"kickdrum": "0.0.9", "status": "done", "name": "x", "runs": 1, "seed": 3,
        "classes": ["a", "b"], "split_seeds": [42], "published": {}, "published_source": "", "model": "",
        "experiment": "x.yaml", "skipped": []})";
    const State state = read_state(old, "state.json");
    EXPECT_EQ(state.version, "0.0.9");
    EXPECT_FALSE(state.study.leaks);
    EXPECT_FALSE(state.study.sets);
}

}  // namespace
}  // namespace kickdrum
