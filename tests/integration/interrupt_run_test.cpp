// SPDX-License-Identifier: MIT
// Ctrl-C, and two programs that want the same folder.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/integration/tiny_study.h"

namespace kickdrum {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::HasSubstr;

const std::vector<std::string> kManyRuns = {"run", "experiment.yaml", "--set", "runs=500"};

TEST(Interrupt, FinishedRunsStay) {
    const TinyStudy study;
    Call running(kManyRuns, study.here());
    ASSERT_TRUE(running.wait_until([&] { return fs::exists(study / "results/tiny/runs/02/metrics.json"); }));
    running.signal(SIGINT);
    const Outcome outcome = running.wait();
    EXPECT_EQ(outcome.code, 130) << outcome.err;
    EXPECT_THAT(outcome.out + outcome.err, HasSubstr("runs are finished and saved in results/tiny"));
    EXPECT_TRUE(fs::exists(study / "results/tiny/runs/02/model.safetensors"));
    const json summary = json::parse(text_of(study / "results/tiny/summary.json"));
    EXPECT_GE(summary.at("runs").get<int>(), 1);
    EXPECT_LT(summary.at("runs").get<int>(), 500);
    EXPECT_THAT(text_of(study / "results/tiny/report.html"), HasSubstr("</html>"));

    const Outcome report = study({"report", "results/tiny"});
    EXPECT_EQ(report.code, 0) << report.err;
    EXPECT_THAT(report.out, HasSubstr("of 500 runs are finished"));
}

TEST(Interrupt, AKilledRunCanBeReported) {
    const TinyStudy study;
    Call running(kManyRuns, study.here());
    ASSERT_TRUE(running.wait_until([&] { return fs::exists(study / "results/tiny/runs/02/metrics.json"); }));
    running.signal(SIGKILL);
    EXPECT_EQ(running.wait().code, 128 + SIGKILL);
    const Outcome report = study({"report", "results/tiny"});
    EXPECT_EQ(report.code, 0) << report.err;
    EXPECT_THAT(report.out, HasSubstr("of 500 runs are finished"));
}

TEST(Interrupt, OnlyOneProgramMayWriteAFolder) {
    const TinyStudy study;
    Call running(kManyRuns, study.here());
    ASSERT_TRUE(running.wait_until([&] { return fs::exists(study / "results/tiny/runs/01/metrics.json"); }));
    const Outcome second = study({"run", "experiment.yaml", "--force", "--set", "runs=1"});
    EXPECT_EQ(second.code, 1) << second.err;
    EXPECT_THAT(second.err, HasSubstr("in use by another kickdrum"));
    EXPECT_TRUE(running.running());
    running.signal(SIGINT);
    EXPECT_EQ(running.wait().code, 130);
    EXPECT_TRUE(fs::exists(study / "results/tiny/runs/01/metrics.json"));
}

}  // namespace
}  // namespace kickdrum
