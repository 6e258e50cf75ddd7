// SPDX-License-Identifier: MIT
// Several runs of an experiment at the same time.
#include <gmock/gmock.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/integration/tiny_study.h"

namespace kickdrum {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;

std::vector<std::string> run_words(int runs, int parallel, const std::string& out = "results/tiny") {
    return {"run",   "experiment.yaml",
            "--set", fmt::format("runs={}", runs),
            "--set", fmt::format("parallel_runs={}", parallel),
            "--out", out};
}

// history.csv without its last column, the seconds.
std::string without_seconds(const fs::path& file) {
    std::istringstream lines(text_of(file));
    std::string text;
    for (std::string line; std::getline(lines, line);) text += line.substr(0, line.rfind(',')) + '\n';
    return text;
}

// metrics.json without what was timed.
json without_times(const fs::path& file) {
    json metrics = json::parse(text_of(file));
    metrics.erase("seconds");
    return metrics;
}

TEST(ParallelRuns, EachRunHasTheBitsThatItHasAlone) {
    const TinyStudy study;
    for (const int parallel : {1, 2, 3}) {
        const Outcome outcome = study(run_words(4, parallel, std::to_string(parallel)));
        ASSERT_EQ(outcome.code, 0) << outcome.err;
        const json environment = json::parse(text_of(study / fmt::format("{}/environment.json", parallel)));
        EXPECT_EQ(environment.at("parallel_runs"), parallel);
    }
    for (const std::string parallel : {"2", "3"}) {
        for (const std::string run : {"/runs/01/", "/runs/02/", "/runs/03/", "/runs/04/"}) {
            const fs::path alone = study / ("1" + run);
            const fs::path together = study / (parallel + run);
            for (const auto* name : {"predictions_val.csv", "predictions_test.csv"}) {
                EXPECT_EQ(text_of(alone / name), text_of(together / name)) << together / name;
            }
            EXPECT_EQ(without_seconds(alone / "history.csv"), without_seconds(together / "history.csv"));
            EXPECT_EQ(without_times(alone / "metrics.json"), without_times(together / "metrics.json"));
            EXPECT_TRUE(text_of(alone / "model.safetensors") == text_of(together / "model.safetensors"))
                << together;
        }
        EXPECT_EQ(text_of(study / "1/summary.json"), text_of(study / (parallel + "/summary.json")))
            << "in the order of the runs, whichever ended first";
    }
}

TEST(ParallelRuns, EachLineSaysWhichRunItIsAbout) {
    const TinyStudy study;
    const Outcome outcome = study(run_words(3, 3));
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    for (int run = 1; run <= 3; ++run) {
        for (int epoch = 1; epoch <= 3; ++epoch) {
            EXPECT_THAT(outcome.out, HasSubstr(fmt::format("run {}/3  epoch {}/3  loss", run, epoch)));
        }
        EXPECT_THAT(outcome.out, HasSubstr(fmt::format("Run {} of 3   3 epochs", run)));
    }
    EXPECT_THAT(text_of(study / "results/tiny/report.html"), HasSubstr("Runs at the same time"));
}

TEST(ParallelRuns, CtrlCStopsAllAndKeepsWhatIsFinished) {
    const TinyStudy study;
    Call running(run_words(500, 3), study.here());
    ASSERT_TRUE(running.wait_until([&] { return fs::exists(study / "results/tiny/runs/04/metrics.json"); }));
    running.signal(SIGINT);
    const Outcome outcome = running.wait();
    EXPECT_EQ(outcome.code, 130) << outcome.err;
    EXPECT_THAT(outcome.out, HasSubstr("of 500 runs are finished and saved in results/tiny"));
    const json summary = json::parse(text_of(study / "results/tiny/summary.json"));
    int finished = 0;
    for (const auto& entry : fs::directory_iterator(study / "results/tiny/runs")) {
        if (!fs::exists(entry.path() / "metrics.json")) continue;
        EXPECT_TRUE(fs::exists(entry.path() / "model.safetensors")) << entry.path();
        ++finished;
    }
    EXPECT_EQ(summary.at("runs"), finished);
    const Outcome report = study({"report", "results/tiny"});
    EXPECT_EQ(report.code, 0) << report.err;
    EXPECT_EQ(json::parse(text_of(study / "results/tiny/summary.json")), summary);
}

// Run 3 can't write its history: a folder is in the way. The runs that began before it end as they should.
TEST(ParallelRuns, OneThatFailsStopsTheOthersAndLosesNothing) {
    const TinyStudy study;
    ASSERT_EQ(study(run_words(2, 1)).code, 0);
    const std::string before = text_of(study / "results/tiny/runs/01/model.safetensors");
    fs::create_directories(study / "results/tiny/runs/03/history.csv/in_the_way");
    std::vector<std::string> words = run_words(200, 2);
    words.emplace_back("--force");
    const Outcome outcome = study(words);
    EXPECT_EQ(outcome.code, 1) << outcome.out;
    EXPECT_THAT(outcome.err,
                AllOf(testing::StartsWith("error: can't write"), HasSubstr("runs/03/history.csv")));
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
    EXPECT_FALSE(fs::exists(study / "results/tiny/runs/200"));

    const json summary = json::parse(text_of(study / "results/tiny/summary.json"));
    EXPECT_GE(summary.at("runs").get<int>(), 1);
    const json state = json::parse(text_of(study / "results/tiny/state.json"));
    EXPECT_EQ(state.at("status"), "failed");
    EXPECT_THAT(text_of(study / "results/tiny/log.jsonl"), HasSubstr("runs/03/history.csv"));
    const bool first = fs::exists(study / "results/tiny/runs/01/metrics.json");
    if (first) {
        EXPECT_EQ(text_of(study / "results/tiny/runs/01/model.safetensors"), before);
    }
    EXPECT_TRUE(first || fs::exists(study / "results/tiny/runs/02/metrics.json"));
}

TEST(ParallelRuns, CheckCountsTheMemoryOfAllOfThem) {
    const TinyStudy study;
    const auto memory = [&](const std::string& parallel) {
        const Outcome outcome = study({"check", "experiment.yaml", "--json", "--threads", "4", "--set",
                                       "runs=4", "--set", "parallel_runs=" + parallel});
        EXPECT_EQ(outcome.code, 0) << outcome.err;
        return json::parse(outcome.out);
    };
    const json one = memory("1");
    const json three = memory("3");
    EXPECT_EQ(one.at("threads_per_run"), 4);
    EXPECT_EQ(three.at("threads_per_run"), 1);
    EXPECT_EQ(three.at("parallel_runs"), 3);
    for (const json& document : {one, three}) {
        const json& bytes = document.at("memory_bytes");
        const auto per_run = bytes.at("parameters").get<std::int64_t>() +
                             bytes.at("best_weights").get<std::int64_t>() +
                             bytes.at("activations").get<std::int64_t>();
        EXPECT_EQ(bytes.at("total").get<std::int64_t>(),
                  bytes.at("features").get<std::int64_t>() +
                      document.at("parallel_runs").get<std::int64_t>() * per_run);
    }
    EXPECT_EQ(memory("auto").at("parallel_runs"), 4);
    const Outcome text = study({"check", "experiment.yaml", "--threads", "4", "--set", "parallel_runs=2"});
    EXPECT_THAT(text.out, AllOf(HasSubstr("2 runs at a time with 2 threads each"),
                                HasSubstr("in each of 2 runs at a time: weights")));
}

TEST(ParallelRuns, MistakesInTheNumber) {
    const TinyStudy study;
    for (const auto* value : {"0", "-1", "all", "1001"}) {
        const Outcome outcome =
            study({"check", "experiment.yaml", "--set", std::string("parallel_runs=") + value});
        EXPECT_EQ(outcome.code, 2);
        EXPECT_THAT(outcome.err, AllOf(HasSubstr("'parallel_runs' is '"), HasSubstr("1 to 1000, or auto")));
    }
}

}  // namespace
}  // namespace kickdrum
