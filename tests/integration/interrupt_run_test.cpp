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

// Longer clips of noise, so that there is a moment between the first that are saved and the last.
std::string add_long_clips(const TinyStudy& study, int clips) {
    std::string table = "sample_id,spot_id\n";
    std::uint32_t noise = 1;
    for (int clip = 0; clip < clips; ++clip) {
        std::vector<float> samples(TinyStudy::kRate * 6);
        for (float& x : samples) {
            noise = noise * 1664525U + 1013904223U;
            x = static_cast<float>(noise) / 4294967296.0F - 0.5F;
        }
        write_wav(study.clip(fmt::format("noise{:02}", clip)), samples, TinyStudy::kRate);
        table += fmt::format("noise{0:02},{0}\n", clip);
    }
    write_text(study / "noise.csv", table);
    return "noise.csv";
}

TEST(Interrupt, FeaturesGoOnFromTheCache) {
    const TinyStudy study;
    const std::string table = add_long_clips(study, 60);
    const std::vector<std::string> words = {"features", table,   "--audio", "clips",     "--feature-set",
                                            "rich",     "--out", "f.csv",   "--threads", "1"};
    const auto packs = [&] {
        int found = 0;
        std::error_code error;
        for (const auto& entry : fs::directory_iterator(study / "cache", error))
            found += entry.path().extension() == ".pack" ? 1 : 0;
        return found;
    };
    Call running(words, study.here());
    ASSERT_TRUE(running.wait_until([&] { return packs() > 0; }));
    running.signal(SIGINT);
    const Outcome stopped = running.wait();
    EXPECT_EQ(stopped.code, 130) << stopped.err;
    EXPECT_THAT(stopped.err, HasSubstr("the features that were ready stay in the cache"));
    for (const auto& entry : fs::directory_iterator(study.folder()))
        EXPECT_THAT(entry.path().filename().string(), testing::Not(HasSubstr("f.csv")));

    std::vector<std::string> again = words;
    again.push_back("--json");
    const json whole = json::parse(study(again).out);
    EXPECT_GE(whole.at("from_cache").get<int>(), 32);
    EXPECT_LT(whole.at("from_cache").get<int>(), 60);
    // Nothing of what a call without a stop says is missing or different.
    again.insert(again.end(), {"--force", "--cache", (study / "other").string()});
    const std::string table_text = text_of(study / "f.csv");
    ASSERT_EQ(study(again).code, 0);
    EXPECT_EQ(text_of(study / "f.csv"), table_text);
}

}  // namespace
}  // namespace kickdrum
