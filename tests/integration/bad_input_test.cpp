// SPDX-License-Identifier: MIT
// Every mistake is refused before anything is trained, with its exit code, its place and a way out.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/integration/tiny_study.h"

namespace kickdrum {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// Refused by run and by check alike, and no results folder is left.
Outcome expect_refused(const TinyStudy& study, int code) {
    const Outcome checked = study({"check", "experiment.yaml"});
    EXPECT_EQ(checked.code, code) << checked.err;
    const Outcome outcome = study({"run", "experiment.yaml"});
    EXPECT_EQ(outcome.code, code) << outcome.err;
    EXPECT_EQ(outcome.err, checked.err);
    EXPECT_THAT(outcome.err, HasSubstr("error: "));
    EXPECT_FALSE(fs::exists(study / "results/tiny"));
    return outcome;
}

TEST(BadExperiment, NoSuchFile) {
    const Outcome outcome = call({"run", "nowhere.yaml"});
    EXPECT_EQ(outcome.code, 2);
    EXPECT_THAT(outcome.err, AllOf(HasSubstr("nowhere.yaml"), HasSubstr("error: ")));
}

TEST(BadExperiment, NotYaml) {
    const TinyStudy study;
    study.edit("experiment.yaml", "classes: [low, high]", "classes: [low, high");
    EXPECT_THAT(expect_refused(study, 2).err, HasSubstr("experiment.yaml:"));
}

TEST(BadExperiment, AllMistakesComeTogetherWithTheirPlaces) {
    const TinyStudy study;
    study.edit("experiment.yaml", "dropout", "droput");
    study.edit("experiment.yaml", "runs: 2", "runs: two");
    study.edit("experiment.yaml", "batch_size: 8", "batch_size: 0");
    const Outcome outcome = expect_refused(study, 2);
    EXPECT_THAT(outcome.err, HasSubstr("experiment.yaml:2:7: error: "));
    EXPECT_THAT(outcome.err, HasSubstr("did you mean 'dropout'?"));
    EXPECT_THAT(outcome.err, HasSubstr("batch_size"));
    EXPECT_GE(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 3);
}

TEST(BadExperiment, ANetworkThatDoesNotFit) {
    const TinyStudy study;
    study.edit("experiment.yaml", "max_pool2d: {size: 2}", "max_pool2d: {size: 40}");
    EXPECT_THAT(expect_refused(study, 2).err, HasSubstr("experiment.yaml:12:5: error: "));
}

TEST(BadExperiment, CudaIsNotThere) {
    const TinyStudy study;
    for (const auto& words :
         std::vector<std::vector<std::string>>{{"run", "experiment.yaml", "--device", "cuda"},
                                               {"check", "experiment.yaml", "--set", "device=cuda"}}) {
        const Outcome outcome = study(words);
        EXPECT_EQ(outcome.code, 4) << outcome.err;
        EXPECT_THAT(outcome.err, HasSubstr("CUDA"));
    }
}

TEST(BadExperiment, OverridesAreCheckedAsTheFileIs) {
    const TinyStudy study;
    const Outcome outcome = study({"run", "experiment.yaml", "--set", "training.epoch=3"});
    EXPECT_EQ(outcome.code, 2);
    EXPECT_THAT(outcome.err, HasSubstr("did you mean 'epochs'?"));
}

TEST(BadLabels, MissingTableAndMissingColumn) {
    const TinyStudy study;
    study.edit("experiment.yaml", "label: genre", "label: gerne");
    EXPECT_THAT(expect_refused(study, 3).err, AllOf(HasSubstr("labels.csv:1:"), HasSubstr("gerne")));
    fs::remove(study / "labels.csv");
    EXPECT_THAT(expect_refused(study, 3).err, HasSubstr("labels.csv"));
}

TEST(BadLabels, AnIdThatStandsTwice) {
    const TinyStudy study;
    study.edit("labels.csv", "t03_1,", "t03_0,");
    EXPECT_THAT(expect_refused(study, 3).err, AllOf(HasSubstr("labels.csv:9:"), HasSubstr("t03_0")));
}

TEST(BadLabels, AClassWithoutClip) {
    const TinyStudy study;
    study.edit("experiment.yaml", "classes: [low, high]", "classes: [low, high, middle]");
    EXPECT_THAT(expect_refused(study, 3).err, HasSubstr("middle"));
}

TEST(BadLabels, FewerGroupsThanFolds) {
    const TinyStudy study;
    study.edit("experiment.yaml", "features:", "split: {folds: [25, 2]}\nfeatures:");
    EXPECT_THAT(expect_refused(study, 3).err, HasSubstr("25"));
}

// Every way to be bad, all listed with the row of the table.
TEST(BadAudio, StopListsThemAll) {
    const TinyStudy study;
    fs::remove(study.clip("t00_0"));
    fs::resize_file(study.clip("t01_0"), fs::file_size(study.clip("t01_0")) / 2);
    write_wav(study.clip("t02_0"), std::vector<float>(TinyStudy::kSamples, 0.0F), TinyStudy::kRate);
    std::vector<float> samples(TinyStudy::kSamples, 0.25F);
    samples[100] = std::numeric_limits<float>::quiet_NaN();
    write_wav(study.clip("t03_0"), samples, TinyStudy::kRate);
    write_text(study.clip("t04_0"), "no sound at all");
    const Outcome outcome = expect_refused(study, 3);
    for (const auto* place :
         {"labels.csv:2:", "labels.csv:4:", "labels.csv:6:", "labels.csv:8:", "labels.csv:10:"}) {
        EXPECT_THAT(outcome.err, HasSubstr(place));
    }
    for (const auto* id : {"t00_0", "t01_0", "t02_0", "t03_0", "t04_0"})
        EXPECT_THAT(outcome.err, HasSubstr(id));
    EXPECT_THAT(outcome.err, HasSubstr("on_bad_clip"));
    EXPECT_THAT(outcome.err, Not(HasSubstr("t05_0")));

    const Outcome skipped = study({"run", "experiment.yaml", "--set", "data.on_bad_clip=skip"});
    ASSERT_EQ(skipped.code, 0) << skipped.err;
    const std::string split = text_of(study / "results/tiny/split.csv");
    EXPECT_EQ(std::count(split.begin(), split.end(), '\n'), 1 + 31);
    EXPECT_THAT(split, Not(HasSubstr("t02_0")));
    EXPECT_THAT(text_of(study / "results/tiny/report.html"), HasSubstr("t02_0"));
}

TEST(BadAudio, NoFolder) {
    const TinyStudy study;
    study.edit("experiment.yaml", "audio: clips", "audio: clisp");
    EXPECT_THAT(expect_refused(study, 3).err, HasSubstr("clisp"));
}

TEST(BadFolder, AForeignFolderIsLeftAloneEvenByForce) {
    const TinyStudy study;
    for (const bool force : {false, true}) {
        std::vector<std::string> words = {"run", "experiment.yaml", "--out", "clips"};
        if (force) words.push_back("--force");
        const Outcome outcome = study(words);
        EXPECT_EQ(outcome.code, 2);
        EXPECT_THAT(outcome.err, HasSubstr("clips"));
    }
    EXPECT_TRUE(fs::exists(study.clip("t00_0")));
    EXPECT_FALSE(fs::exists(study / "clips/runs"));
}

// 126, 127: where nobody but root may call the program.
TEST(BadFolder, NotWritable) {
    const TinyStudy study;
    fs::create_directory(study / "locked");
    fs::permissions(study / "locked", fs::perms::owner_read | fs::perms::owner_exec | fs::perms::others_exec);
    fs::permissions(study.folder(), fs::perms::owner_all | fs::perms::others_read | fs::perms::others_exec);
    CallOptions options = study.here();
    options.unprivileged = true;
    const Outcome outcome = call({"run", "experiment.yaml", "--out", "locked/results"}, options);
    fs::permissions(study / "locked", fs::perms::owner_all);
    if (outcome.code == 126 || outcome.code == 127)
        GTEST_SKIP() << "the program can't be called without root's rights";
    EXPECT_EQ(outcome.code, 1) << outcome.err;
    EXPECT_THAT(outcome.err, AllOf(HasSubstr("error: "), HasSubstr("locked"), Not(HasSubstr("internal"))));
}

// A disk that takes no file beyond 8 KB: the report doesn't fit.
TEST(BadFolder, ADiskThatIsFull) {
    const TinyStudy study;
    CallOptions options = study.here();
    options.largest_file = 8192;
    const Outcome outcome = call({"run", "experiment.yaml"}, options);
    EXPECT_EQ(outcome.code, 1) << outcome.err;
    EXPECT_THAT(outcome.err,
                AllOf(HasSubstr("error: "), HasSubstr("results/tiny/"), Not(HasSubstr("internal"))));
    for (const auto& entry : fs::recursive_directory_iterator(study / "results")) {
        EXPECT_THAT(entry.path().filename().string(), Not(HasSubstr("tmp"))) << "a temporary file was left";
    }
}

TEST(BadResults, FoldersThatAreNone) {
    const TinyStudy study;
    const Outcome outcome = study({"report", "clips", "nowhere"});
    EXPECT_EQ(outcome.code, 2);
    EXPECT_THAT(outcome.err, AllOf(HasSubstr("'clips'"), HasSubstr("'nowhere'")));
}

TEST(BadResults, BrokenFiles) {
    const TinyStudy study;
    ASSERT_EQ(study({"run", "experiment.yaml", "--set", "runs=1"}).code, 0);
    write_text(study / "results/tiny/runs/01/predictions_test.csv",
               "sample_id,label,predicted,p_low,p_high\nx,low\n");
    const Outcome outcome = study({"report", "results/tiny"});
    EXPECT_EQ(outcome.code, 2);
    EXPECT_THAT(outcome.err, HasSubstr("predictions_test.csv:2:"));
}

}  // namespace
}  // namespace kickdrum
