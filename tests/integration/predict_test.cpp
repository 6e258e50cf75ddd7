// SPDX-License-Identifier: MIT
// kickdrum predict, and training that begins with another model's weights.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/integration/tiny_study.h"

namespace kickdrum {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
namespace fs = std::filesystem;
using Json = nlohmann::json;

// A study that was run: its models tell low tones from high ones.
class Predict : public testing::Test {
 protected:
    void SetUp() override {
        const Outcome outcome = study_({"run", "experiment.yaml", "--out", "out", "--quiet", "--set",
                                        "runs=1", "--set", "training.epochs=12"});
        ASSERT_EQ(outcome.code, 0) << outcome.err;
    }
    Outcome predict(std::vector<std::string> words, const std::string& in_file = "/dev/null") const {
        words.insert(words.begin(), {"predict", kModel});
        CallOptions options = study_.here();
        options.in_file = in_file;
        return call(words, options);
    }

    static constexpr const char* kModel = "out/runs/01/model.safetensors";
    TinyStudy study_;
};

// A second of a low tone, a second of a high one, then half a second of nothing.
std::vector<float> changing_tone() {
    std::vector<float> samples;
    for (std::size_t i = 0; i < 20'000; ++i) {
        const double hertz = i < 8000 ? 330 : 2050;
        const double time = static_cast<double>(i) / TinyStudy::kRate;
        samples.push_back(i < 16'000 ? static_cast<float>(0.5 * std::sin(6.283185307 * hertz * time)) : 0);
    }
    return samples;
}

TEST_F(Predict, AgreesWithTheTestOfTheRun) {
    const std::string table = text_of(study_ / "out/runs/01/predictions_test.csv");
    std::istringstream lines(table);
    std::string line;
    std::getline(lines, line);
    int clips = 0;
    for (; std::getline(lines, line); ++clips) {
        const std::string id = line.substr(0, line.find(','));
        const Outcome outcome = predict({study_.clip(id).string(), "--json", "--quiet"});
        ASSERT_EQ(outcome.code, 0) << outcome.err;
        const Json json = Json::parse(outcome.out);
        ASSERT_EQ(json.size(), 1U);
        const double high = std::stod(line.substr(line.rfind(',') + 1));
        EXPECT_NEAR(json[0]["probabilities"]["high"].get<double>(), high, 2e-6) << id;
    }
    EXPECT_GT(clips, 3);
}

TEST_F(Predict, FindsTheSegmentsOfATrack) {
    write_wav(study_ / "set.wav", changing_tone(), TinyStudy::kRate);
    const std::vector<std::string> words{"set.wav", "--stride", "0.1", "--out", "labels", "--json"};
    const Outcome outcome = predict(words);
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr("x real time"));
    const Json json = Json::parse(outcome.out);
    ASSERT_EQ(json.size(), 3U) << outcome.out;
    EXPECT_EQ(json[0]["label"], "low");
    EXPECT_EQ(json[1]["label"], "high");
    EXPECT_EQ(json[2]["label"], "silence");
    EXPECT_NEAR(json[0]["end"].get<double>(), 1.0, 0.21);
    EXPECT_EQ(json[2]["end"], 2.5);
    EXPECT_THAT(text_of(study_ / "labels/set.txt"), HasSubstr("\tlow\n"));
    EXPECT_THAT(text_of(study_ / "labels/set.csv"), HasSubstr("file,start,end,label,p_low,p_high\n"));
    EXPECT_THAT(text_of(study_ / "labels/set.svg"), HasSubstr("</svg>"));
    EXPECT_EQ(Json::parse(text_of(study_ / "labels/set.json")), json);
    EXPECT_EQ(predict(words).code, 2) << "the files are there";
    // The same from standard input, with a header and without, and whatever the number of threads.
    EXPECT_THAT(predict({"-", "--stride", "0.1", "--csv", "--quiet"}, study_ / "set.wav").out,
                HasSubstr("file,start"));
    std::string raw = text_of(study_ / "set.wav");
    write_text(study_ / "set.raw", raw.erase(0, 44));
    const auto labels_of = [](const std::string& text) {
        std::string labels;
        for (const auto& one : Json::parse(text))
            labels += fmt::format("{} {:.3f};", one["label"].get<std::string>(), one["end"].get<double>());
        return labels;
    };
    const std::string expected = labels_of(outcome.out);
    const std::vector<std::string> stream{"-", "--stride", "0.1", "--json"};
    EXPECT_EQ(labels_of(predict(stream, study_ / "set.wav").out), expected);
    std::vector<std::string> headless = stream;
    headless.insert(headless.end(), {"--raw", "f32le", "--rate", "8000", "--threads", "1"});
    EXPECT_EQ(labels_of(predict(headless, study_ / "set.raw").out), expected);
}

TEST_F(Predict, WritesEmbeddings) {
    const Outcome outcome = predict({"clips", "--embed", "flatten_1", "--out", "labels", "--write", "csv"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    const std::string npy = text_of(study_ / "labels/t00_0.npy");
    EXPECT_THAT(npy, HasSubstr("'shape': (1, 256)"));
    EXPECT_FALSE(fs::exists(study_ / "labels/t00_0.svg"));
    EXPECT_EQ(predict({"clips", "--embed", "flatten_9", "--out", "l"}).code, 2);
}

TEST_F(Predict, SaysWhatIsWrong) {
    const auto refused = [&](const std::vector<std::string>& words, int code, const std::string& message) {
        const Outcome outcome = predict(words);
        EXPECT_EQ(outcome.code, code) << outcome.err;
        EXPECT_THAT(outcome.err, HasSubstr(message));
    };
    fs::create_directories(study_ / "empty");
    write_wav(study_ / "silent.wav", std::vector<float>(8000), TinyStudy::kRate);
    write_text(study_ / "broken.wav", "RIFF");
    refused({}, 2, "audio");
    refused({"empty"}, 3, "there is no audio file in this folder");
    refused({"nowhere.wav"}, 2, "there is no such file or folder");
    refused({"clips", "--window", "0"}, 2, "--window");
    refused({"clips", "--stride", "9"}, 2, "--stride is 9");
    refused({"clips", "--set", "features.n_mels=64"}, 2, "trained with 'n_mels: 16'");
    refused({"clips", "--write", "cvs", "--out", "l"}, 2, "did you mean 'csv'?");
    refused({"-", "--raw", "u8"}, 2, "--raw needs --rate");
    refused({"-"}, 3, "standard input is no WAV stream");
    // One bad file doesn't stop the others.
    const Outcome some = predict({"broken.wav", study_.clip("t00_0").string(), "silent.wav", "--json"});
    EXPECT_EQ(some.code, 3);
    EXPECT_THAT(some.err, AllOf(HasSubstr("error: broken.wav"), HasSubstr("warning: silent.wav")));
    EXPECT_EQ(Json::parse(some.out).size(), 2U);
    EXPECT_EQ(Json::parse(some.out)[1]["label"], "silence");
    EXPECT_EQ(call({"predict", "experiment.yaml", "clips"}, study_.here()).code, 3);
}

TEST_F(Predict, TrainingBeginsWithItsWeights) {
    const std::string from = std::string("init_from=") + kModel;
    // All layers frozen but the last, and that with a rate of next to nothing: the first epoch's validation is
    // the source's.
    const Outcome outcome = study_({"run", "experiment.yaml", "--out", "next", "--quiet", "--set", "runs=1",
                                    "--set", from, "--set", "transfer.freeze=[conv2d_1]", "--set",
                                    "transfer.learning_rates={4: 1.0e-9}", "--set", "training.epochs=1"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    const Json before = Json::parse(text_of(study_ / "out/runs/01/metrics.json"));
    const Json after = Json::parse(text_of(study_ / "next/runs/01/metrics.json"));
    EXPECT_NEAR(after["val"]["loss"].get<double>(), before["val"]["loss"].get<double>(), 1e-6);
    EXPECT_THAT(text_of(study_ / "next/resolved.yaml"), HasSubstr("freeze: [conv2d_1]"));
    EXPECT_EQ(study_({"check", "next/resolved.yaml"}).code, 0);

    const auto refused = [&](const std::vector<std::string>& set, int code, const std::string& message) {
        std::vector<std::string> words{"check", "experiment.yaml", "--set", from};
        for (const auto& one : set) words.insert(words.end(), {"--set", one});
        const Outcome checked = study_(words);
        EXPECT_EQ(checked.code, code) << checked.err;
        EXPECT_THAT(checked.err, HasSubstr(message));
    };
    refused({"model.0.conv2d.filters=5"}, 3,
            "'conv2d_1/kernel' has shape (3, 3, 1, 4) in the model, but (3, 3, 1, 5) in this network");
    refused({"data.classes=[high, low]"}, 3, "its classes are low, high, those of the data high, low");
    refused({"transfer.freeze=[conv2d_2]"}, 2, "is no layer of the network (did you mean 'conv2d_1'?)");
    refused({"transfer.freeze=[2]"}, 2, "flatten_1, which has no weights");
    refused({"transfer.freeze=[0, 4]"}, 2, "nothing would learn");
    refused({"init_from=labels.csv"}, 3, "labels.csv");
    refused({"init_from=none.safetensors"}, 2, "there is no such file");
    const Outcome warned = study_({"check", "experiment.yaml", "--set", from, "--set", "features.fmax=3000"});
    EXPECT_EQ(warned.code, 0) << warned.err;
    EXPECT_THAT(warned.out + warned.err, HasSubstr("other features (fmax differ)"));
    const Outcome alone = study_({"check", "experiment.yaml", "--set", "transfer.replace_head=true"});
    EXPECT_EQ(alone.code, 2);
    EXPECT_THAT(alone.err, HasSubstr("says nothing without 'init_from'"));
}

}  // namespace
}  // namespace kickdrum
