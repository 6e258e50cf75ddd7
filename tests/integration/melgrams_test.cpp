// SPDX-License-Identifier: MIT
// kickdrum melgrams.
#include <gmock/gmock.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tests/integration/tiny_study.h"

namespace kickdrum {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

struct Array {
    std::string header;
    std::vector<float> values;
};

Array read_npy(const fs::path& file) {
    const std::string bytes = text_of(file);
    Array array;
    if (bytes.size() < 10) return array;
    const std::size_t header =
        static_cast<unsigned char>(bytes[8]) + 256U * static_cast<unsigned char>(bytes[9]);
    array.header = bytes.substr(10, header);
    array.values.resize((bytes.size() - 10 - header) / sizeof(float));
    std::memcpy(array.values.data(), bytes.data() + 10 + header, array.values.size() * sizeof(float));
    return array;
}

std::vector<std::string> words(const TinyStudy&, std::vector<std::string> more) {
    std::vector<std::string> all{"melgrams", "labels.csv", "--audio", "clips", "--out", "out"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
}

TEST(Melgrams, ArraysInDecibels) {
    const TinyStudy study;
    const Outcome outcome =
        study(words(study, {"--set", "features.n_mels=32", "--set", "features.fmax=4000", "--set",
                            "features.sample_rate=8000", "--set", "features.n_fft=256", "--set",
                            "features.hop_length=100", "--json"}));
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(nlohmann::json::parse(outcome.out).at("written"), 36);
    const Array low = read_npy(study / "out/t00_0.npy");
    EXPECT_THAT(low.header, HasSubstr("'<f4'"));
    EXPECT_THAT(low.header, HasSubstr("(32, 27)"));  // 1 + 2600 / 100 frames
    ASSERT_EQ(low.values.size(), 32U * 27U);
    EXPECT_EQ(*std::ranges::max_element(low.values), 0);
    EXPECT_GE(*std::ranges::min_element(low.values), -80);
    // The tone of 250 Hz is in a low band, that of 1815 Hz higher: row 0 is the lowest band.
    const auto loudest = [](const Array& array) {
        return static_cast<std::size_t>(std::ranges::max_element(array.values) - array.values.begin()) / 27;
    };
    EXPECT_LT(loudest(low), loudest(read_npy(study / "out/t01_0.npy")));
}

TEST(Melgrams, PicturesAsTheNetworkSeesThem) {
    const TinyStudy study;
    const std::vector<std::string> set{"melgrams", "experiment.yaml", "--out", "out"};
    for (const std::string image : {"float", "specshow_gray"}) {
        auto png = set;
        png.insert(png.end(), {"--image", image, "--force"});
        ASSERT_EQ(study(png).code, 0);
        EXPECT_THAT(text_of(study / "out/t00_0.png"), testing::StartsWith("\x89PNG\r\n"));
        png.insert(png.end(), {"--format", "npy"});
        ASSERT_EQ(study(png).code, 0);
        const Array array = read_npy(study / "out/t00_0.npy");
        EXPECT_THAT(array.header, HasSubstr("(16, 16)"));
        EXPECT_LT(*std::ranges::min_element(array.values), 0.05) << image;
        for (const float value : array.values) {
            if (image == "specshow_gray") {
                EXPECT_EQ(std::round(value * 255) / 255, value);
            }
        }
    }
}

TEST(Melgrams, PlotsForPeople) {
    const TinyStudy study;
    ASSERT_EQ(study({"melgrams", "experiment.yaml", "--out", "out", "--format", "png"}).code, 0);
    EXPECT_GT(fs::file_size(study / "out/t00_0.png"), 1000U);
    EXPECT_EQ(
        study({"melgrams", "experiment.yaml", "--out", "out", "--format", "npy", "--image", "plot"}).code, 2);
}

TEST(Melgrams, BadClipsAreListedAndTheRestIsWritten) {
    const TinyStudy study;
    fs::remove(study.clip("t03_0"));
    write_text(study.clip("t04_0"), "no sound");
    write_wav(study.clip("t05_0"), std::vector<float>(1, 0.5F), TinyStudy::kRate);  // one sample is enough
    const Outcome outcome = study({"melgrams", "experiment.yaml", "--out", "out"});
    EXPECT_EQ(outcome.code, 3);
    EXPECT_THAT(outcome.err, HasSubstr("labels.csv:8:1: error: clip 't03_0': there is no audio file"));
    EXPECT_THAT(outcome.err, HasSubstr("labels.csv:10:1: error: clip 't04_0' ("));
    EXPECT_FALSE(fs::exists(study / "out/t03_0.npy"));
    EXPECT_TRUE(fs::exists(study / "out/t05_0.npy"));
    EXPECT_EQ(study({"melgrams", "experiment.yaml", "--out", "out", "--on-bad", "skip"}).code, 0);
}

TEST(Melgrams, GoesOnWithWhatIsMissing) {
    const TinyStudy study;
    ASSERT_EQ(study({"melgrams", "experiment.yaml", "--out", "out"}).code, 0);
    fs::remove(study / "out/t03_0.npy");
    const auto json = [&](const std::vector<std::string>& more) {
        std::vector<std::string> all{"melgrams", "experiment.yaml", "--out", "out", "--json"};
        all.insert(all.end(), more.begin(), more.end());
        return nlohmann::json::parse(study(all).out);
    };
    EXPECT_EQ(json({}).at("written"), 1);
    EXPECT_EQ(json({"--set", "features.n_mels=20"}).at("written"), 36) << "other settings, other arrays";
}

TEST(Melgrams, MistakesOfSettings) {
    const TinyStudy study;
    const Outcome outcome =
        study(words(study, {"--set", "features.n_mel=20", "--set", "features.fmax=99999"}));
    EXPECT_EQ(outcome.code, 2);
    EXPECT_THAT(outcome.err, HasSubstr("did you mean 'n_mels'"));
    EXPECT_EQ(study(words(study, {"--set", "training.epochs=3"})).code, 2);
    EXPECT_EQ(study({"melgrams", "labels.csv", "--audio", "clips"}).code, 2) << "without --out";
}

}  // namespace
}  // namespace kickdrum
