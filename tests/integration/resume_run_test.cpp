// SPDX-License-Identifier: MIT
// kickdrum resume: the bits of a run that was never stopped. scripts/test_resume.py kills at random moments.
#include <gmock/gmock.h>

#include <map>
#include <nlohmann/json.hpp>

#include "tests/integration/tiny_study.h"

namespace kickdrum {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

std::string without_seconds(const std::string& history) {
    std::string text;
    std::size_t begin = 0;
    while (begin < history.size()) {
        const std::size_t end = history.find('\n', begin);
        const std::string line = history.substr(begin, end - begin);
        text += line.substr(0, line.rfind(',')) + '\n';
        begin = end + 1;
    }
    return text;
}

// Everything that a run leaves, by name, but for times.
std::map<std::string, std::string> bits_of(const fs::path& results) {
    std::map<std::string, std::string> bits;
    for (const auto& entry : fs::recursive_directory_iterator(results)) {
        const std::string name = entry.path().lexically_relative(results);
        const std::string text = entry.is_directory() ? "" : text_of(entry.path());
        if (name.ends_with("history.csv")) {
            bits[name] = without_seconds(text);
        } else if (name.ends_with("metrics.json")) {
            json metrics = json::parse(text);
            metrics.erase("seconds");
            bits[name] = metrics.dump();
        } else if (name != "log.jsonl" && name != "report.html" && name != "environment.json" &&
                   name != ".lock") {
            bits[name] = text;
        }
    }
    return bits;
}

// So many epochs that a test can stop in between, on any computer.
const std::vector<std::string> kRun = {"run",   "experiment.yaml", "--set", "training.epochs=60",
                                       "--set", "runs=3"};

std::vector<std::string> run_with(const std::vector<std::string>& more) {
    std::vector<std::string> words = kRun;
    words.insert(words.end(), more.begin(), more.end());
    return words;
}

class ResumeRun : public testing::Test {
 protected:
    ResumeRun() {
        const Outcome outcome = study_(run_with({"--out", "whole"}));
        EXPECT_EQ(outcome.code, 0) << outcome.err;
        whole_ = bits_of(study_ / "whole");
    }
    void expect_whole() {
        const Outcome outcome = study_({"resume", "results/tiny"});
        EXPECT_EQ(outcome.code, 0) << outcome.err;
        EXPECT_THAT(outcome.out, HasSubstr("Report: results/tiny/report.html"));
        EXPECT_EQ(bits_of(study_ / "results/tiny"), whole_);
        EXPECT_THAT(text_of(study_ / "results/tiny/report.html"), Not(HasSubstr("http-equiv=\"refresh\"")));
    }
    fs::path run_folder(int run) const { return study_ / fmt::format("results/tiny/runs/{:02}", run); }
    static bool holds_checkpoint(const fs::path& folder) {
        std::error_code error;
        for (const auto& entry : fs::directory_iterator(folder / "checkpoint", error)) {
            if (entry.path().extension() == ".checkpoint") return true;
        }
        return false;
    }
    // Starts, and sends the signal as soon as `condition` holds; returns the exit code.
    template <class Condition>
    int stop_when(const std::vector<std::string>& words, int signal, const Condition& condition) {
        Call running(words, study_.here());
        EXPECT_TRUE(running.wait_until(condition));
        running.signal(signal);
        return running.wait().code;
    }

    TinyStudy study_;
    std::map<std::string, std::string> whole_;
};

TEST_F(ResumeRun, KilledAgainAndAgain) {
    EXPECT_EQ(stop_when(kRun, SIGKILL, [&] { return fs::exists(study_ / "results/tiny/resolved.yaml"); }),
              137);
    EXPECT_EQ(stop_when({"resume", "results/tiny"}, SIGKILL, [&] { return holds_checkpoint(run_folder(1)); }),
              137);
    EXPECT_EQ(stop_when({"resume", "results/tiny"}, SIGKILL,
                        [&] { return fs::exists(run_folder(1) / "model.safetensors"); }),
              137);
    EXPECT_EQ(stop_when({"resume", "results/tiny"}, SIGKILL, [&] { return holds_checkpoint(run_folder(2)); }),
              137);
    EXPECT_EQ(stop_when({"resume", "results/tiny"}, SIGKILL, [&] { return holds_checkpoint(run_folder(3)); }),
              137);
    expect_whole();
    // Once more changes nothing.
    expect_whole();
}

TEST_F(ResumeRun, ParallelRunsAndOtherThreads) {
    EXPECT_EQ(stop_when(run_with({"--threads", "3", "--set", "parallel_runs=3"}), SIGKILL,
                        [&] { return holds_checkpoint(run_folder(1)) && holds_checkpoint(run_folder(3)); }),
              137);
    const Outcome outcome = study_({"resume", "results/tiny", "--threads", "2"});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    auto resumed = bits_of(study_ / "results/tiny");
    resumed.erase("resolved.yaml");
    whole_.erase("resolved.yaml");
    EXPECT_EQ(resumed, whole_);
}

TEST_F(ResumeRun, InterruptedInTheMiddleOfAnEpoch) {
    Call running(kRun, study_.here());
    ASSERT_TRUE(running.wait_until([&] { return holds_checkpoint(run_folder(2)); }));
    running.signal(SIGINT);
    const Outcome outcome = running.wait();
    EXPECT_EQ(outcome.code, 130);
    EXPECT_THAT(outcome.out, HasSubstr("'kickdrum resume results/tiny' goes on"));
    expect_whole();
}

TEST_F(ResumeRun, ADamagedCheckpointGivesWayToTheOneBefore) {
    stop_when(kRun, SIGKILL, [&] {
        int files = 0;
        std::error_code error;
        for (const auto& entry : fs::directory_iterator(run_folder(2) / "checkpoint", error))
            files += entry.path().extension() == ".checkpoint" ? 1 : 0;
        return files == 2;
    });
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(run_folder(2) / "checkpoint")) {
        if (entry.path().extension() == ".checkpoint") files.push_back(entry.path());
    }
    std::ranges::sort(files);
    std::string bytes = text_of(files.back());
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 4);
    write_text(files.back(), bytes);
    const Outcome outcome = study_({"resume", "results/tiny"});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_THAT(outcome.out,
                AllOf(HasSubstr("warning: the checkpoint '" +
                                files.back().lexically_relative(study_.folder()).string() + "' is damaged"),
                      HasSubstr("the one before it is used")));
    EXPECT_EQ(bits_of(study_ / "results/tiny"), whole_);
}

TEST_F(ResumeRun, ADiskThatFillsUpCostsTheCheckpointNotTheRun) {
    // Four times as large as the weights: with the moments and the best weights.
    CallOptions full = study_.here();
    full.largest_file = 600'000;
    const std::vector<std::string> words{
        "run", "experiment.yaml", "--set", "model.0.conv2d.filters=512", "--out", "full"};
    const Outcome outcome = call(words, full);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_THAT(outcome.out,
                AllOf(HasSubstr("warning: can't write"), HasSubstr("goes on without a checkpoint")));
    EXPECT_TRUE(fs::exists(study_ / "full/runs/02/model.safetensors"));
    EXPECT_FALSE(fs::exists(study_ / "full/runs/02/checkpoint"));
}

TEST_F(ResumeRun, OnlyOneProcessGoesOn) {
    stop_when(run_with({"--set", "runs=500"}), SIGKILL, [&] { return holds_checkpoint(run_folder(1)); });
    Call first({"resume", "results/tiny"}, study_.here());
    ASSERT_TRUE(first.wait_until([&] { return fs::exists(run_folder(1) / "metrics.json"); }));
    const Outcome second = study_({"resume", "results/tiny"});
    EXPECT_EQ(second.code, 1);
    EXPECT_THAT(second.err, HasSubstr("in use by another kickdrum"));
    EXPECT_TRUE(first.running());
}

TEST_F(ResumeRun, ChangedDataIsRefused) {
    stop_when(kRun, SIGKILL, [&] { return fs::exists(run_folder(1) / "metrics.json"); });
    study_.edit("labels.csv", "t00_0,track00,low\n", "");
    const Outcome outcome = study_({"resume", "results/tiny"});
    EXPECT_EQ(outcome.code, 3);
    EXPECT_THAT(outcome.err, HasSubstr("the data isn't what it was when 'results/tiny' was begun"));
    EXPECT_EQ(text_of(study_ / "results/tiny/split.csv"), whole_.at("split.csv"));
}

TEST(Resume, WhatCanNotBeResumed) {
    const TinyStudy study;
    EXPECT_EQ(study({"resume"}).code, 2);
    const Outcome missing = study({"resume", "nowhere"});
    EXPECT_EQ(missing.code, 2);
    EXPECT_THAT(missing.err, HasSubstr("there is no folder 'nowhere'"));
    const Outcome other = study({"resume", "clips"});
    EXPECT_EQ(other.code, 2);
    EXPECT_THAT(other.err, HasSubstr("isn't a results folder"));
}

}  // namespace
}  // namespace kickdrum
