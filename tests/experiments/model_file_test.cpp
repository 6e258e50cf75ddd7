// SPDX-License-Identifier: MIT
// Model files in memory: what is written is read again, and what is damaged is refused.
#include "experiments/models/model_file.h"

#include <gmock/gmock.h>

#include "experiments/diagnostics.h"
#include "experiments/files.h"
#include "experiments/models/model_comparison.h"
#include "experiments/models/model_description.h"
#include "nn/formats/safetensors.h"
#include "tests/experiments/model_files.h"
#include "tests/support/mutations.h"
#include "tests/support/temporary_folder.h"

namespace kickdrum {
namespace {

using testing::HasSubstr;

std::string message_of(std::string_view bytes) {
    try {
        model_of_bytes(bytes);
    } catch (const InvalidArgument& error) {
        return error.what();
    }
    return "no error";
}

TEST(ModelFile, RoundTrip) {
    for (ModelFile model : {plain_model(), every_layer_model(), sets_model()}) {
        model.facts["name"] = "a \"quoted\" näme\nin two lines";
        const std::string bytes = to_safetensors(model);
        const ModelFile read = model_of_bytes(bytes);
        EXPECT_EQ(describe(read), describe(model));
        EXPECT_EQ(read.network.input, model.network.input);
        EXPECT_EQ(read.network.classes, model.network.classes);
        EXPECT_EQ(read.bands, model.bands);
        EXPECT_EQ(read.facts, model.facts);
        ASSERT_EQ(read.network.weights.size(), model.network.weights.size());
        for (std::size_t i = 0; i < model.network.weights.size(); ++i) {
            EXPECT_EQ(read.network.weights[i].name, model.network.weights[i].name);
            EXPECT_EQ(read.network.weights[i].shape, model.network.weights[i].shape);
            EXPECT_EQ(read.network.weights[i].values, model.network.weights[i].values);
        }
        EXPECT_EQ(to_safetensors(read), bytes);
    }
}

// Through Keras' format: the same, because a note in the file says what Keras doesn't know.
TEST(ModelFile, KerasFilesKeepEverything) {
    for (const ModelFile& model : {plain_model(), every_layer_model()}) {
        const ModelFile read = model_of_bytes(to_keras_h5(model));
        EXPECT_EQ(to_safetensors(read), to_safetensors(model));
        EXPECT_EQ(largest_difference(model, read, 3), 0);
    }
    ModelFile other = plain_model();
    for (float& value : other.network.weights.back().values) value += 1.0F + value;
    EXPECT_GT(largest_difference(plain_model(), other, 3), 0.01);
}

TEST(ModelFile, ASigmoidAtTheEndIsOfSets) {
    const ModelFile read = model_of_bytes(to_safetensors(sets_model()));
    EXPECT_TRUE(std::get<DenseLayerSpec>(read.network.model.back().kind).sets);
    EXPECT_THAT(describe(read), HasSubstr("activation: sigmoid"));
}

TEST(ModelFile, FeaturesComeBack) {
    ModelFile model = plain_model();
    model.features->fmin = 31.5;
    model.features->window = WindowKind::hamming;
    model.features->channels = {"value"};
    const ModelFile read = model_of_bytes(to_safetensors(model));
    ASSERT_TRUE(read.features.has_value());
    EXPECT_EQ(read.features->fmin, 31.5);
    EXPECT_EQ(read.features->window, WindowKind::hamming);
    EXPECT_EQ(read.clip_shape(), model.clip_shape());
    model.features.reset();
    EXPECT_FALSE(model_of_bytes(to_safetensors(model)).features.has_value());
}

// The parts of a file are replaced one at a time.
TEST(ModelFile, SaysWhatIsWrong) {
    const ModelFile model = plain_model();
    const auto with_description = [&](const std::string& text) {
        return message_of(to_safetensors(model.network.weights, {{"format", "kickdrum"}, {"model", text}}));
    };
    const std::string good = describe(model);
    EXPECT_EQ(with_description(good), "no error");
    const auto replaced = [&](const std::string& from, const std::string& to) {
        std::string text = good;
        text.replace(text.find(from), from.size(), to);
        return with_description(text);
    };
    EXPECT_THAT(message_of(to_safetensors(model.network.weights, {})), HasSubstr("no description"));
    EXPECT_THAT(with_description("- 1"), HasSubstr("no block of keys"));
    EXPECT_THAT(replaced("max_pool2d", "max_pool3d"), HasSubstr("unknown layer 'max_pool3d'"));
    EXPECT_THAT(replaced("filters: 4", "filters: 5"),
                HasSubstr("'conv2d_1/kernel' have shape (3, 3, 1, 4), the network needs (3, 3, 1, 5)"));
    EXPECT_THAT(replaced("clip: [16, 12, 1]", "clip: [16, 13, 1]"),
                HasSubstr("features give inputs of shape (1, 16, 12, 1), its network takes (1, 16, 13, 1)"));
    EXPECT_THAT(replaced("fmax: 11000", "fmax: 50000"), HasSubstr("'features.fmax' is 50000"));
    ModelFile bands = model;
    bands.bands = {.mean = {1, 2}, .scale = {1, 2}};
    EXPECT_THAT(message_of(to_safetensors(bands)),
                HasSubstr("statistics of 2 bands, but its inputs have 16"));
}

TEST(ModelFile, NamesTheFile) {
    const TemporaryFolder folder;
    const auto error_of = [](const std::string& file) {
        try {
            read_model(file);
        } catch (const UserError& error) {
            return std::pair(error.code(), std::string(error.what()));
        }
        return std::pair(ExitCode::done, std::string());
    };
    const std::string file = folder / "a.safetensors";
    EXPECT_EQ(error_of(file), std::pair(ExitCode::usage, file + ": error: there is no such file"));
    write_file_atomically(file, "nothing");
    EXPECT_EQ(error_of(file), std::pair(ExitCode::data, file + ": error: not a safetensors file: it has "
                                                               "only 7 bytes"));
    write_file_atomically(file, to_safetensors(plain_model()));
    EXPECT_EQ(read_model(file).classes, plain_model().classes);
}

// Damaged files: a model or an InvalidArgument. For longer: KICKDRUM_FUZZ_SECONDS=600
TEST(ModelFile, FuzzedSafetensorsAreReadOrRefused) {
    const std::vector<std::string> seeds{to_safetensors(plain_model()), to_safetensors(every_layer_model())};
    const std::vector<std::string_view> words{"-1",      "18446744073709551615",
                                              "1e308",   "[",
                                              "{",       "\"shape\":[4294967296,4294967296]",
                                              "null",    "\"dtype\":\"F16\"",
                                              "[0,64]",  "\\u0000",
                                              "\\n",     "model:",
                                              "0x1p999", "\"F64\""};
    int read = 0;
    fuzz(300, [&](std::uint64_t number) {
        const std::string bytes = Mutations(8, number).damaged(seeds, words);
        try {
            const ModelFile model = model_of_bytes(bytes);
            ++read;
            ASSERT_FALSE(model.network.weights.empty()) << number;
        } catch (const InvalidArgument&) {
        }
    });
    EXPECT_GT(read, 0);
}

}  // namespace
}  // namespace kickdrum
