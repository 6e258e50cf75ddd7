// SPDX-License-Identifier: MIT
// Data as people have it: a folder for each class, names of files in a column, tracks in the names of files,
// clips of unequal length; and runs with everything that changes what the network sees.
#include <gmock/gmock.h>

#include "tests/integration/tiny_study.h"

namespace kickdrum {
namespace {

using testing::HasSubstr;
using testing::Not;
namespace fs = std::filesystem;

const std::string kTable = "  labels: labels.csv\n  audio: clips\n  label: genre\n  classes: [low, high]\n";

// The clips of the study in folders by class.
void move_into_folders(const TinyStudy& study) {
    for (int track = 0; track < 18; ++track) {
        for (int clip = 0; clip < 2; ++clip) {
            const fs::path folder = study / (track % 2 == 1 ? "genres/high/deep er" : "genres/low");
            fs::create_directories(folder);
            fs::rename(study.clip(fmt::format("t{:02}_{}", track, clip)),
                       folder / fmt::format("t{:02}_{}.WAV", track, clip));
        }
    }
}

TEST(DataLayouts, AFolderForEachClass) {
    const TinyStudy study;
    move_into_folders(study);
    study.edit("experiment.yaml", kTable,
               "  layout: folder_per_class\n  audio: genres\n  group_pattern: (t[0-9]+)_[0-9]\n");
    const Outcome outcome = study({"run", "experiment.yaml", "--out", "out", "--quiet"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    const std::string split = text_of(study / "out/split.csv");
    EXPECT_THAT(split, HasSubstr("t00_1,t00,low,"));
    EXPECT_THAT(split, HasSubstr("t01_0,t01,high,"));
    // What is resolved can be run itself.
    EXPECT_EQ(study({"check", "out/resolved.yaml"}).code, 0);
    const Outcome pattern = study({"check", "experiment.yaml", "--set", "data.group_pattern=(x+)"});
    EXPECT_EQ(pattern.code, 3);
    EXPECT_THAT(pattern.err, HasSubstr("'t00_0' doesn't match 'data.group_pattern' ((x+))"));
    for (const auto* bad : {"data.group_pattern='(['", "data.group_pattern=t.*"})
        EXPECT_EQ(study({"check", "experiment.yaml", "--set", bad}).code, 2) << bad;
    const Outcome missing = study({"check", "experiment.yaml", "--set", "data.classes=[low, hihg]"});
    EXPECT_EQ(missing.code, 3);
    EXPECT_THAT(missing.err, HasSubstr("there is no folder 'hihg' (did you mean 'high'?)"));
}

TEST(DataLayouts, FilesInAColumn) {
    const TinyStudy study;
    move_into_folders(study);
    std::string table = "sample_id,genre,file\n";
    for (int track = 0; track < 18; ++track) {
        for (int clip = 0; clip < 2; ++clip) {
            const bool high = track % 2 == 1;
            table += fmt::format("c{0}{1},{2},{3}/t{0:02}_{1}.WAV\n", track, clip, high ? "high" : "low",
                                 high ? "high/deep er" : "low");
        }
    }
    write_text(study / "labels.csv", table);
    study.edit("experiment.yaml", "  audio: clips\n",
               "  audio: genres\n  filename: file\n  group_pattern: (.*)_[0-9]\n");
    EXPECT_EQ(study({"check", "experiment.yaml"}).code, 0) << study({"check", "experiment.yaml"}).err;
    write_text(study / "labels.csv", table + "x,low,../labels.csv\n");
    const Outcome outside = study({"check", "experiment.yaml"});
    EXPECT_EQ(outside.code, 3);
    EXPECT_THAT(outside.err, HasSubstr("labels.csv:38:7: error: 'file' is '../labels.csv'"));
}

TEST(DataLayouts, LengthsOfClips) {
    const TinyStudy study;
    const auto with = [&](const std::string& length) {
        return study({"check", "experiment.yaml", "--set", "features.seconds=1", "--set",
                      "features.length=" + length});
    };
    EXPECT_EQ(with("pad").code, 0);
    EXPECT_EQ(with("loop").code, 0);
    for (const auto* strict : {"crop", "error"}) {
        const Outcome outcome = with(strict);
        EXPECT_EQ(outcome.code, 3) << strict;
        EXPECT_THAT(outcome.err, HasSubstr("it has 0.325 s instead of 1"));
    }
    // Cutting is no error with `crop`, but it is with `error`.
    const auto shorter = [&](const std::string& length) {
        return study({"check", "experiment.yaml", "--set", "features.seconds=0.2", "--set",
                      "features.length=" + length})
            .code;
    };
    EXPECT_EQ(shorter("crop"), 0);
    EXPECT_EQ(shorter("error"), 3);
}

TEST(DataLayouts, EverythingThatChangesThePictures) {
    const TinyStudy study;
    const std::vector<std::string> words{
        "run",
        "experiment.yaml",
        "--quiet",
        "--set",
        "features={sample_rate: 8000, n_fft: 256, hop_length: 128, n_mels: 16, fmax: 4000, size: [16, 21], "
        "resize: "
        "none, reference: one, mel_scale: htk, window: hamming, channels: [value, without_mean, delta], "
        "standardize: "
        "per_band}",
        "--set",
        "training.input_frames=16",
        "--set",
        "training.test_rolls=3",
        "--set",
        "training.augment={time_roll: true, gain: 0.1, equalizer: 0.1, noise: 0.05, frequency_masks: 1, "
        "frequency_mask: 3, time_masks: 1, time_mask: 4, mixup: 0.3}"};
    const auto run = [&](const std::string& out, const std::string& threads) {
        auto all = words;
        all.insert(all.end(), {"--out", out, "--threads", threads});
        const Outcome outcome = study(all);
        EXPECT_EQ(outcome.code, 0) << outcome.err;
        return text_of(study / out / "runs/01/predictions_test.csv");
    };
    const std::string first = run("a", "1");
    EXPECT_NE(first, "");
    EXPECT_EQ(run("b", "3"), first) << "the same bits";
    EXPECT_THAT(text_of(study / "a/runs/01/model.safetensors"), HasSubstr("band_mean"));
}

TEST(DataLayouts, MistakesOfAugmentation) {
    const TinyStudy study;
    const std::vector<std::pair<std::string, std::string>> mistakes{
        {"training.input_frames=17", "but a clip has 16 frames"},
        {"training.augment={time_masks: 1, time_mask: 17}", "but the network sees 16 frames"},
        {"training.augment={frequency_masks: 1, frequency_mask: 17}", "but the picture has 16 bands"},
        {"training.augment={mixup_share: 2}", "mixup_share"},
        {"features.channels=[value, deltas]", "did you mean 'delta'?"},
        {"features.win_length=300", "is above 'features.n_fft' (256)"}};
    for (const auto& [set, message] : mistakes) {
        const Outcome outcome = study({"check", "experiment.yaml", "--set", set});
        EXPECT_EQ(outcome.code, 2) << set;
        EXPECT_THAT(outcome.err, HasSubstr(message));
    }
}

// One file as clips of nine tracks, and each clip as its own group although a column names the tracks.
TEST(DataLayouts, TheSameAudioInTwoPartsIsNamed) {
    const TinyStudy study;
    for (int track = 2; track < 18; track += 2) {
        fs::copy_file(study.clip("t00_0"), study.clip(fmt::format("t{:02}_0", track)),
                      fs::copy_options::overwrite_existing);
    }
    const Outcome check = study({"check", "experiment.yaml"});
    ASSERT_EQ(check.code, 0) << check.err;
    EXPECT_THAT(check.out, HasSubstr("warning: leak: "));
    EXPECT_THAT(check.out, HasSubstr("group 'track02'): the same file"));
    EXPECT_THAT(check.out, Not(HasSubstr("column 'spot_id'")));
    EXPECT_THAT(study({"check", "experiment.yaml", "--json"}).out, HasSubstr("\"kind\": \"same_file\""));

    const Outcome run =
        study({"run", "experiment.yaml", "--set", "data.group=sample_id", "--set", "runs=1", "--out", "out"});
    ASSERT_EQ(run.code, 0) << run.err;
    EXPECT_THAT(run.out + run.err, HasSubstr("'data.group: spot_id' keeps each track in one part"));
    const std::string report = text_of(study / "out/report.html");
    EXPECT_THAT(report, HasSubstr("Leak: the same audio lies in two parts"));
    EXPECT_THAT(report, HasSubstr("tracks in the column <code>spot_id</code> lie in two"));
    // What is read back says the same.
    fs::remove(study / "out/report.html");
    ASSERT_EQ(study({"report", "out"}).code, 0);
    EXPECT_THAT(text_of(study / "out/report.html"), HasSubstr("Leak: the same audio lies in two parts"));
}

// A class for the pitch and one for every third track, with several clips that have both or none.
TEST(DataLayouts, SeveralClassesPerClip) {
    const TinyStudy study;
    std::string table = "sample_id,spot_id,high,third\n";
    for (int track = 0; track < 18; ++track) {
        for (int clip = 0; clip < 2; ++clip)
            table += fmt::format("t{0:02}_{1},track{0:02},{2},{3}\n", track, clip, track % 2,
                                 track % 3 == 0 ? 1 : 0);
    }
    write_text(study / "labels.csv", table);
    study.edit("experiment.yaml", "  label: genre\n  classes: [low, high]\n",
               "  classes: [high, third]\n  keep: all\n");
    study.edit("experiment.yaml", "activation: softmax", "activation: sigmoid");
    study.edit("experiment.yaml", "  epochs: 3\n", "  epochs: 12\n  class_weights: balanced\n");
    ASSERT_EQ(study({"check", "experiment.yaml"}).code, 0);
    const Outcome run = study({"run", "experiment.yaml", "--out", "out"});
    ASSERT_EQ(run.code, 0) << run.err;
    EXPECT_THAT(run.out, Not(HasSubstr("Confusion")));
    EXPECT_THAT(run.out, HasSubstr("test F1 of clips"));
    EXPECT_THAT(text_of(study / "out/runs/01/metrics.json"), HasSubstr("\"thresholds\""));
    EXPECT_THAT(text_of(study / "out/split.csv"), HasSubstr(",track03,high|third,"));
    EXPECT_THAT(text_of(study / "out/summary.json"), HasSubstr("\"test.samples_f1\""));
    EXPECT_THAT(text_of(study / "out/report.html"), HasSubstr("A clip may have several classes"));
    // What is read back is the same summary; what is resolved runs to the same bits.
    const std::string summary = text_of(study / "out/summary.json");
    ASSERT_EQ(study({"report", "out"}).code, 0);
    EXPECT_EQ(text_of(study / "out/summary.json"), summary);
    ASSERT_EQ(study({"run", "out/resolved.yaml", "--out", "again", "--quiet"}).code, 0);
    EXPECT_EQ(text_of(study / "again/runs/02/predictions_test.csv"),
              text_of(study / "out/runs/02/predictions_test.csv"));
}

}  // namespace
}  // namespace kickdrum
