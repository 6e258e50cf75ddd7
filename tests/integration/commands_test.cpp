// SPDX-License-Identifier: MIT
// The small commands: devices, schema, completion, demo-data, features, split.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/integration/tiny_study.h"

namespace kickdrum {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(Devices, SaysWhatIsThere) {
    const Outcome outcome = call({"devices"});
    EXPECT_EQ(outcome.code, 0);
    for (const auto* word : {"CPU", "SIMD", "CUDA", "MP3", "libsndfile", "soxr"}) {
        EXPECT_THAT(outcome.out, HasSubstr(word));
    }
}

TEST(Devices, AsJson) {
    const json document = json::parse(call({"devices", "--json"}).out);
    EXPECT_EQ(document.at("devices").at(0), "cpu");
    EXPECT_GE(document.at("processors").get<int>(), 1);
    EXPECT_TRUE(document.at("audio").at("WAV").get<bool>());
    EXPECT_TRUE(document.at("audio").contains("MP3"));
    const json& cuda = document.at("cuda");
    EXPECT_EQ(cuda.at("available").get<bool>(), document.at("devices").size() == 2);
    if (!cuda.at("available").get<bool>()) {
        for (const auto* key : {"problem", "why", "remedy"})
            EXPECT_NE(cuda.at(key).get<std::string>(), "") << key;
    }
    const auto levels = document.at("simd_available").get<std::vector<std::string>>();
    EXPECT_THAT(levels, testing::Contains(document.at("simd").get<std::string>()));
}

// A GPU that isn't here, or can't be used: exit code 4 and what to do.
TEST(Devices, CudaThatCantBeHad) {
    if (json::parse(call({"devices", "--json"}).out).at("devices").size() == 2)
        GTEST_SKIP() << "there is a GPU";
    const TinyStudy study;
    for (const auto* command : {"run", "check"}) {
        const Outcome outcome = study({command, "experiment.yaml", "--device", "cuda"});
        EXPECT_EQ(outcome.code, 4) << outcome.out;
        EXPECT_THAT(outcome.err,
                    testing::AllOf(HasSubstr("'device: cuda' can't be had: "), HasSubstr("What to do: ")));
        EXPECT_EQ(study({command, "experiment.yaml", "--quiet", "--device", "auto"}).code, 0);
    }
    const Outcome math = study({"check", "experiment.yaml", "--set", "math=bf16"});
    EXPECT_EQ(math.code, 2);
    EXPECT_THAT(math.err, HasSubstr("'math: bf16' needs a GPU"));
}

TEST(Devices, AnArchitectureIsForCheckAlone) {
    const TinyStudy study;
    const Outcome run = study({"run", "experiment.yaml", "--device", "cuda:sm_90"});
    EXPECT_EQ(run.code, 2);
    const Outcome unknown = study({"check", "experiment.yaml", "--device", "cuda:sm_70"});
    EXPECT_EQ(unknown.code, 2);
    EXPECT_THAT(unknown.err, HasSubstr("cuda:sm_80, cuda:sm_90, cuda:sm_100"));
    const bool built = json::parse(call({"devices", "--json"}).out).at("cuda").at("built").get<bool>();
    const Outcome outcome =
        study({"check", "experiment.yaml", "--device", "cuda:sm_90", "--set", "math=bf16"});
    if (built) {
        EXPECT_EQ(outcome.code, 0) << outcome.err;
        EXPECT_THAT(outcome.out, HasSubstr("Every convolution has a plan on sm_90"));
    } else {
        EXPECT_EQ(outcome.code, 4) << outcome.out;
        EXPECT_THAT(outcome.err, HasSubstr("--preset cuda"));
    }
}

TEST(Schema, DescribesTheExperimentFile) {
    const Outcome outcome = call({"schema"});
    EXPECT_EQ(outcome.code, 0);
    const json schema = json::parse(outcome.out);
    for (const auto* key : {"name", "runs", "seed", "data", "split", "features", "model", "training"}) {
        EXPECT_TRUE(schema.at("properties").contains(key)) << key;
    }
}

// What bash offers for the words of a command line, one a line.
std::string completed_by_bash(const std::string& words, int current) {
    const TinyStudy study;
    write_text(study / "complete.sh", call({"completion", "bash"}).out + "COMP_WORDS=(" + words +
                                          ")\nCOMP_CWORD=" + std::to_string(current) +
                                          "\n_kickdrum\nprintf '%s\\n' \"${COMPREPLY[@]}\" > offered\n");
    const std::string line = "cd '" + study.folder().string() + "' && bash complete.sh";
    EXPECT_EQ(std::system(line.c_str()), 0);
    return text_of(study / "offered");
}

TEST(Completion, BashCompletesCommandsOptionsAndValues) {
    EXPECT_EQ(completed_by_bash("kickdrum de", 1), "demo-data\ndevices\n");
    EXPECT_EQ(completed_by_bash("kickdrum run --th", 2), "--threads\n");
    EXPECT_EQ(completed_by_bash("kickdrum run --device c", 3), "cpu\ncuda\n");
    EXPECT_EQ(completed_by_bash("kickdrum completion z", 2), "zsh\n");
}

TEST(Completion, EveryShellKnowsEveryCommand) {
    for (const auto* shell : {"bash", "zsh", "fish"}) {
        const Outcome outcome = call({"completion", shell});
        EXPECT_EQ(outcome.code, 0);
        for (const auto* word : {"run", "check", "demo-data", "split", "dry-run", "cuda"}) {
            EXPECT_THAT(outcome.out, HasSubstr(word)) << shell;
        }
    }
}

TEST(DemoData, WritesAnExperimentThatPassesItsChecks) {
    const TinyStudy study;
    const Outcome written = study({"demo-data", "demo", "--tracks", "3", "--clips", "2", "--json"});
    ASSERT_EQ(written.code, 0) << written.err;
    const json document = json::parse(written.out);
    EXPECT_EQ(document.at("clips"), 30);
    EXPECT_EQ(document.at("tracks"), 15);
    EXPECT_TRUE(std::filesystem::exists(study / "demo/labels.csv"));
    const Outcome checked = study({"check", document.at("experiment").get<std::string>(), "--quiet"});
    EXPECT_EQ(checked.code, 0) << checked.err;
    EXPECT_THAT(checked.out, HasSubstr("30 clips in 15 groups"));
}

TEST(DemoData, LeavesAForeignFolderAlone) {
    const TinyStudy study;
    const Outcome outcome = study({"demo-data", "."});
    EXPECT_EQ(outcome.code, 2);
    EXPECT_EQ(text_of(study / "labels.csv"), study.labels());
}

TEST(Features, WritesATable) {
    const TinyStudy study;
    const std::vector<std::string> words = {"features", "labels.csv", "--audio", "clips"};
    const auto with = [&](std::vector<std::string> more) {
        more.insert(more.begin(), words.begin(), words.end());
        return study(more);
    };
    const Outcome printed = with({});
    ASSERT_EQ(printed.code, 0) << printed.err;
    EXPECT_THAT(printed.out, testing::StartsWith("sample_id,chroma_stft,rmse,spec_cent,"));
    EXPECT_EQ(std::ranges::count(printed.out, '\n'), 37);
    EXPECT_THAT(printed.err, IsEmpty());
    const Outcome written = with({"--out", "features.csv", "--threads", "1"});
    EXPECT_EQ(written.code, 0);
    EXPECT_EQ(text_of(study / "features.csv"), printed.out);
    EXPECT_EQ(with({"--out", "features.csv"}).code, 2);
    const json document = json::parse(with({"--out", "features.csv", "--force", "--json"}).out);
    EXPECT_EQ(document.at("clips"), 36);
    EXPECT_EQ(document.at("features").size(), 13U);
    EXPECT_EQ(study({"features", "experiment.yaml"}).out, printed.out);
}

TEST(Features, OverTime) {
    const TinyStudy study;
    const Outcome outcome = study({"features", "experiment.yaml", "--feature-set", "standard", "--frames",
                                   "over time", "--out", "features.csv"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(study / "over time"), {}), 36 * 12);
    EXPECT_THAT(text_of(study / "over time/t00_0.mfcc.npy"), HasSubstr("'shape': (20, "));
}

TEST(Features, BadClipsAreListedWithTheirRows) {
    const TinyStudy study;
    write_text(study.clip("t01_0"), "");
    std::filesystem::remove(study.clip("t02_1"));
    const Outcome refused = study({"features", "labels.csv", "--audio", "clips", "--out", "features.csv"});
    EXPECT_EQ(refused.code, 3);
    EXPECT_THAT(refused.err, testing::AllOf(HasSubstr("labels.csv:4:1: error: clip 't01_0'"),
                                            HasSubstr("labels.csv:7:1: error: clip 't02_1'"),
                                            HasSubstr("2 of 36 clips"), HasSubstr("--on-bad skip")));
    EXPECT_FALSE(std::filesystem::exists(study / "features.csv"));
    const Outcome skipped = study({"features", "labels.csv", "--audio", "clips", "--on-bad", "skip"});
    EXPECT_EQ(skipped.code, 0);
    EXPECT_EQ(std::ranges::count(skipped.out, '\n'), 35);
    EXPECT_THAT(skipped.err, HasSubstr("labels.csv:4: warning: clip 't01_0'"));
    EXPECT_EQ(study({"features", "labels.csv"}).code, 2);
}

// Each group is in one part, each clip once, all three parts have clips.
TEST(Split, KeepsGroupsTogether) {
    const TinyStudy study;
    const Outcome outcome = study({"split", "labels.csv", "--label", "genre", "--out", "split.csv"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    std::istringstream lines(text_of(study / "split.csv"));
    std::string line;
    std::getline(lines, line);
    EXPECT_EQ(line, "sample_id,group,label,part");
    std::map<std::string, std::string> part_of_group;
    std::set<std::string> parts;
    int rows = 0;
    for (; std::getline(lines, line); ++rows) {
        const std::string group = line.substr(line.find(',') + 1, 7);
        const std::string part = line.substr(line.rfind(',') + 1);
        EXPECT_EQ(part_of_group.try_emplace(group, part).first->second, part) << line;
        parts.insert(part);
    }
    EXPECT_EQ(rows, 36);
    EXPECT_THAT(parts, testing::UnorderedElementsAre("train", "val", "test"));
}

TEST(Split, TakesAnExperimentFileOrOptions) {
    const TinyStudy study;
    const Outcome by_options = study({"split", "labels.csv", "--label=genre", "--classes=low,high"});
    const Outcome by_file = study({"split", "experiment.yaml"});
    EXPECT_EQ(by_file.code, 0) << by_file.err;
    EXPECT_EQ(by_file.out, by_options.out);
    const Outcome other = study({"split", "experiment.yaml", "--seed", "1"});
    EXPECT_EQ(other.code, 0);
    EXPECT_NE(other.out, by_file.out);
    const json counts = json::parse(study({"split", "experiment.yaml", "--json"}).out);
    EXPECT_EQ(counts.at("train").get<int>() + counts.at("val").get<int>() + counts.at("test").get<int>(), 36);
}

TEST(Split, OverwritesOnlyByForce) {
    const TinyStudy study;
    const std::vector<std::string> words = {"split", "experiment.yaml", "--out", "labels.csv"};
    const Outcome refused = study(words);
    EXPECT_EQ(refused.code, 2);
    EXPECT_THAT(refused.err, HasSubstr("--force"));
    EXPECT_EQ(text_of(study / "labels.csv"), study.labels());
    write_text(study / "old.csv", "x");
    EXPECT_EQ(study({"split", "experiment.yaml", "--out", "old.csv", "--force"}).code, 0);
    EXPECT_THAT(text_of(study / "old.csv"), testing::StartsWith("sample_id,group,label,part\n"));
}

TEST(Split, MistakesOfTheTable) {
    const TinyStudy study;
    EXPECT_EQ(study({"split", "nowhere.csv", "--label", "genre"}).code, 3);
    EXPECT_EQ(study({"split", "labels.csv"}).code, 2);
    EXPECT_EQ(study({"split", "labels.csv", "--label", "genre", "--seed", "-1"}).code, 2);
    EXPECT_EQ(study({"split", "labels.csv", "--label", "gerne"}).code, 3);
}

}  // namespace
}  // namespace kickdrum
