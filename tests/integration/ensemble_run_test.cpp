// SPDX-License-Identifier: MIT
// Ensembles, as a user runs them.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/integration/tiny_study.h"

namespace kickdrum {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;

constexpr std::string_view kEnsemble = R"(ensemble: pair
base: experiment.yaml
members:
  - plain
  - other seed: {seed: 8}
)";

class EnsembleRun : public testing::Test {
 protected:
    EnsembleRun() { write_text(study_ / "pair.yaml", kEnsemble); }
    std::string result(const std::string& file) const { return text_of(study_ / "results/pair" / file); }
    TinyStudy study_;
};

TEST_F(EnsembleRun, LeavesItsOwnResultsBesideThoseOfItsMembers) {
    const Outcome outcome = study_({"run", "pair.yaml"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_THAT(outcome.out, AllOf(HasSubstr("other seed: 2 runs"), HasSubstr("results/pair/report.html")));
    const json summary = json::parse(result("summary.json"));
    EXPECT_EQ(summary.at("name"), "pair");
    EXPECT_EQ(summary.at("runs"), 2);
    EXPECT_EQ(result("split.csv"), result("members/plain/split.csv"));
    const json model = json::parse(result("runs/02/ensemble.json"));
    ASSERT_EQ(model.at("members").size(), 2U);
    for (const auto& member : model.at("members")) {
        const fs::path file = study_ / "results/pair/runs/02" / member.at("model").get<std::string>();
        EXPECT_TRUE(fs::exists(file)) << file;
    }
    // A member is what the experiment by itself gives.
    EXPECT_EQ(study_({"run", "experiment.yaml", "--set", "seed=8", "--out", "alone"}).code, 0);
    EXPECT_EQ(text_of(study_ / "alone/runs/01/predictions_test.csv"),
              result("members/other-seed/runs/01/predictions_test.csv"));
    EXPECT_NE(result("runs/01/predictions_test.csv"), result("members/plain/runs/01/predictions_test.csv"));

    // Beside its members, as any results.
    const Outcome report =
        study_({"report", "results/pair", "results/pair/members/plain", "--json", "--out", "both"});
    EXPECT_EQ(report.code, 0) << report.err;
    EXPECT_EQ(json::parse(report.out).at("comparison").at("variants")[1].at("against_first").at("pairs"), 2);

    const Outcome again = study_({"run", "pair.yaml"});
    EXPECT_EQ(again.code, 2);
    EXPECT_THAT(again.err, AllOf(HasSubstr("kickdrum resume"), HasSubstr("--force")));
    EXPECT_EQ(study_({"run", "pair.yaml", "--force"}).code, 0);
}

TEST_F(EnsembleRun, AFailedMemberIsNamedAndGoneOnWith) {
    write_text(study_ / "short.csv", study_.labels() + "nowhere,track99,low\n");
    study_.edit("experiment.yaml", "labels.csv", "short.csv");
    const Outcome outcome = study_({"run", "pair.yaml"});
    EXPECT_EQ(outcome.code, 3);
    EXPECT_THAT(outcome.err, AllOf(HasSubstr("member 'plain' failed: clip 'nowhere'"),
                                   HasSubstr("kickdrum resume results/pair")));
    write_text(study_ / "short.csv", study_.labels());
    const Outcome resumed = study_({"resume", "results/pair"});
    EXPECT_EQ(resumed.code, 0) << resumed.err;
    EXPECT_EQ(json::parse(result("state.json")).at("status"), "done");
}

TEST_F(EnsembleRun, CheckGoesThroughAllMembers) {
    const Outcome outcome = study_({"check", "pair.yaml"});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_THAT(outcome.out, AllOf(HasSubstr("other seed: "), HasSubstr("2 members, at most")));
}

}  // namespace
}  // namespace kickdrum
