// SPDX-License-Identifier: MIT
// Classical models, as a user runs them: by themselves, and beside a network in a study.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/integration/tiny_study.h"

namespace kickdrum {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

// Logistic regression needs no library.
constexpr std::string_view kBaselines = R"(name: classical
runs: 2
seed: 7
data: {labels: labels.csv, audio: clips, label: genre, classes: [low, high]}
split: {seeds: [1, 2]}
baselines:
  plain: {model: logistic}
  searched:
    protocol: nested
    model: logistic
    search: {draws: 3, folds: 2, grid: {c: [0.01, 0.1, 1, 10]}}
  leaky: {protocol: published, model: {logistic: {c: 0.1}}, published: {test.weighted_f1: 0.9}}
  network: {model: {results: {variant: network}}}
  stacked: {model: {vote: {members: [network, plain], weights_by: validation}}}
)";

class BaselinesRun : public testing::Test {
 protected:
    BaselinesRun() {
        write_text(study_ / "classical.yaml", kBaselines);
        study_.edit("experiment.yaml", "device: cpu", "device: cpu\nsplit: {seeds: [1, 2]}");
    }
    TinyStudy study_;
};

TEST_F(BaselinesRun, AllOfAFileAreAStudyAndTheLeakIsInEveryTable) {
    const Outcome outcome = study_({"run", "classical.yaml", "--set", "baselines.stacked.only_member=true"});
    ASSERT_EQ(outcome.code, 0) << outcome.err << outcome.out;
    const fs::path results = study_ / "results/classical";
    for (const auto* file : {"summary.md", "summary.tex", "report.html", "summary.json", "runs.csv"})
        EXPECT_THAT(text_of(results / file), HasSubstr("leaky (leaky)")) << file;
    const json document = json::parse(text_of(results / "summary.json"));
    ASSERT_EQ(document.at("variants").size(), 3U);
    EXPECT_EQ(document.at("variants")[1].at("against_first").at("pairs"), 2);
    EXPECT_EQ(document.at("variants")[2].at("runs"), 1);
    EXPECT_TRUE(document.at("variants")[2].at("against_first").contains("why_not"));
    const json alone = json::parse(text_of(results / "variants/leaky/summary.json"));
    EXPECT_THAT(alone.at("leaky_protocol").get<std::string>(),
                HasSubstr("clips of one track are in training and test"));
    EXPECT_THAT(text_of(results / "variants/leaky/report.html"), HasSubstr("Leaky: the published protocol"));
    const json metrics = json::parse(text_of(results / "variants/searched/runs/02/metrics.json"));
    EXPECT_TRUE(metrics.at("chosen").contains("c"));
    EXPECT_GE(metrics.at("importance").size(), 7U) << "the families of the published features";
    EXPECT_THAT(
        text_of(results / "variants/plain/report.html"),
        AllOf(HasSubstr("Features and choices"), HasSubstr("mfcc"), Not(HasSubstr("Learning curves"))));
    EXPECT_TRUE(fs::exists(results / "variants/plain/runs/01/model.json"));
}

TEST_F(BaselinesRun, TheSameBitsWithAnyNumberOfThreadsAndAfterAStop) {
    const std::vector<std::string> call{"run", "classical.yaml", "--set", "baseline=searched", "--out"};
    auto words = call;
    words.insert(words.end(), {"one", "--threads", "1"});
    ASSERT_EQ(study_(words).code, 0);
    words = call;
    words.insert(words.end(), {"three", "--threads", "3"});
    const Outcome outcome = study_(words);
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_THAT(outcome.out, HasSubstr("Run 2 of 2   val F1"));
    for (const auto* file :
         {"runs/01/predictions_test.csv", "runs/02/predictions_val.csv", "runs/02/model.json"})
        EXPECT_EQ(text_of(study_ / "one" / file), text_of(study_ / "three" / file)) << file;
    // As if it had been killed in its second run.
    fs::remove_all(study_ / "three/runs/02");
    study_.edit("three/state.json", "\"done\"", "\"running\"");
    const Outcome resumed = study_({"resume", "three"});
    ASSERT_EQ(resumed.code, 0) << resumed.err;
    EXPECT_EQ(text_of(study_ / "one/runs/02/model.json"), text_of(study_ / "three/runs/02/model.json"));
}

TEST_F(BaselinesRun, BesideANetworkInAStudyAndStackedWithIt) {
    write_text(study_ / "study.yaml", R"(study: both
base: experiment.yaml
variants:
  - network
  - trees: {base: classical.yaml, baseline: plain}
  - stacked: {base: classical.yaml, baseline: stacked}
)");
    const Outcome outcome = study_({"run", "study.yaml"});
    ASSERT_EQ(outcome.code, 0) << outcome.err << outcome.out;
    const json document = json::parse(text_of(study_ / "results/both/summary.json"));
    for (const int variant : {1, 2})
        EXPECT_EQ(document.at("variants")[variant].at("against_first").at("pairs"), 2) << variant;
    const fs::path run = study_ / "results/both/variants/stacked/runs/01";
    const json chosen = json::parse(text_of(run / "metrics.json")).at("chosen");
    EXPECT_NEAR(chosen.at("weight.network").get<double>() + chosen.at("weight.plain").get<double>(), 1, 1e-9);
    EXPECT_FALSE(fs::exists(run / "model.json")) << "the network's model is elsewhere";
}

TEST_F(BaselinesRun, AMissingLibraryEndsItsModelAlone) {
    CallOptions options = study_.here();
    options.environment.emplace_back("KICKDRUM_LIGHTGBM", "/nowhere/lib_lightgbm.so");
    const Outcome outcome =
        call({"run", "classical.yaml", "--set", "baselines.leaky.only_member=true", "--set",
              "baselines.stacked.only_member=true", "--set", "baselines.searched={model: lightgbm}"},
             options);
    EXPECT_EQ(outcome.code, 1);
    const json document = json::parse(text_of(study_ / "results/classical/summary.json"));
    ASSERT_EQ(document.at("variants").size(), 2U);
    EXPECT_EQ(document.at("variants")[0].at("status"), "done");
    EXPECT_EQ(document.at("variants")[1].at("status"), "failed");
    EXPECT_THAT(text_of(study_ / "results/classical/summary.md"),
                AllOf(HasSubstr("LightGBM isn't installed"), HasSubstr("install_dependencies.sh baselines")));
}

TEST_F(BaselinesRun, WhatIsWrongIsSaid) {
    Outcome outcome = study_({"run", "classical.yaml", "--set", "baseline=stacked"});
    EXPECT_EQ(outcome.code, 2);
    EXPECT_THAT(outcome.err, HasSubstr("there are no results of such a variant"));

    write_text(study_ / "features.csv", "sample_id,x,same\nt00_0,1,3\nt00_1,nan,3\n");
    outcome =
        study_({"run", "classical.yaml", "--set", "baseline=plain", "--set",
                "baselines.plain.table=features.csv", "--set", "data.on_bad_clip=skip", "--out", "nan"});
    EXPECT_EQ(outcome.code, 3);
    EXPECT_THAT(outcome.err, HasSubstr("features.csv:3:7: error: feature 'x' of clip 't00_1' is 'nan'"));

    std::string table = "sample_id,x,same\n";
    for (int track = 0; track < 18; ++track) {
        for (int clip = 0; clip < 2; ++clip)
            table += fmt::format("t{:02}_{},{},3\n", track, clip, track % 2 + 0.1 * clip);
    }
    write_text(study_ / "features.csv", table);
    outcome = study_({"run", "classical.yaml", "--set", "baseline=plain", "--set",
                      "baselines.plain.table=features.csv", "--out", "constant"});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_THAT(outcome.out, AllOf(HasSubstr("1 of 2 features (same) is the same for all clips"),
                                   HasSubstr("weighted avg      1.000")));
}

}  // namespace
}  // namespace kickdrum
