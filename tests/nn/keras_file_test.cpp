// SPDX-License-Identifier: MIT
// Files of Keras. Those in tests/nn/keras_files were written by Keras 3 with tests/peers/keras_models.py, which
// also loads what the test ForPeers writes.
#include "nn/formats/keras_file.h"

#include <gmock/gmock.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "nn/formats/keras_graph.h"
#include "nn/formats/onnx.h"
#include "nn/formats/safetensors.h"
#include "nn/inference/predictor.h"
#include "tests/nn/network.h"
#include "tests/support/mutations.h"

namespace kickdrum {
namespace {

using testing::HasSubstr;

constexpr int kClasses = 3;

std::string file(const std::string& name) {
    std::ifstream stream(std::string(KICKDRUM_SOURCE_DIR) + "/tests/nn/keras_files/" + name,
                         std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

std::vector<float> tensor(const Safetensors& facts, std::string_view name) {
    for (const auto& one : facts.tensors) {
        if (one.name == name) return one.values;
    }
    throw InvalidArgument(fmt::format("no tensor {}", name));
}

// The logarithms of the probabilities: logits up to a constant of each clip.
std::vector<double> log_softmax(const std::vector<float>& logits) {
    std::vector<double> result;
    for (std::size_t clip = 0; clip < logits.size(); clip += kClasses) {
        double sum = 0;
        for (std::size_t k = 0; k < kClasses; ++k) sum += std::exp(static_cast<double>(logits[clip + k]));
        for (std::size_t k = 0; k < kClasses; ++k)
            result.push_back(static_cast<double>(logits[clip + k]) - std::log(sum));
    }
    return result;
}

void expect_logits(const std::vector<float>& given, const std::vector<float>& wanted, double tolerance) {
    ASSERT_EQ(given.size(), wanted.size());
    const auto a = log_softmax(given);
    const auto b = log_softmax(wanted);
    for (std::size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], tolerance) << i;
}

std::vector<float> logits_of(const Network& network, const std::vector<float>& inputs) {
    Context context({.threads = 1});
    return Predictor(context, network, {.clip = network.input, .bands = {}, .batch_size = 4}).outputs(inputs);
}

std::string message_of(const std::string& bytes) {
    try {
        is_zip(bytes) ? read_keras_zip(bytes) : read_keras_h5(bytes);
    } catch (const InvalidArgument& error) {
        return error.what();
    }
    return "no error";
}

TEST(KerasFile, GivesTheLogitsOfKeras) {
    for (const std::string name : {"sequential", "functional"}) {
        const Safetensors facts = read_safetensors(file(name + ".safetensors"));
        const KerasFile read = read_keras_h5(file(name + ".h5"));
        EXPECT_FALSE(read.note.has_value());
        expect_logits(logits_of(read.network, tensor(facts, "inputs")), tensor(facts, "logits"), 1e-5);
    }
    const Safetensors facts = read_safetensors(file("untrained.safetensors"));
    expect_logits(logits_of(read_keras_zip(file("untrained.keras")).network, tensor(facts, "inputs")),
                  tensor(facts, "logits"), 1e-5);
}

// The third step of Adam, taken here with the moments that Keras saved after the second.
TEST(KerasFile, AdamGoesOnAsInKeras) {
    for (const std::string name : {"sequential", "functional"}) {
        const Safetensors facts = read_safetensors(file(name + ".safetensors"));
        const Network network = read_keras_h5(file(name + ".h5")).network;
        ASSERT_TRUE(network.optimizer.has_value());
        EXPECT_EQ(network.optimizer->step, 2U);
        EXPECT_EQ(network.optimizer->spec.learning_rate, static_cast<double>(0.01F));
        Context context({.threads = 1});
        TestTensor inputs(context, network.input.with_rows(6));
        inputs.assign(tensor(facts, "inputs"));
        std::vector<int> labels;
        for (const float label : tensor(facts, "labels")) labels.push_back(static_cast<int>(label));
        Trainer trainer(context, network.model, {.inputs = inputs, .labels = labels, .classes = kClasses},
                        {.optimizer = network.optimizer->spec, .batch_size = 6}, 1);
        write_weights(network.weights, trainer.parameters());
        trainer.set_optimizer_state(*network.optimizer);
        trainer.train_step(std::vector<std::int32_t>{0, 1, 2, 3, 4, 5}, 0.01);
        const auto kernel = trainer.parameters().read(trainer.parameters().parameters()[0]);
        const auto wanted = tensor(facts, "first_kernel_after_a_step");
        ASSERT_EQ(kernel.size(), wanted.size());
        for (std::size_t i = 0; i < kernel.size(); ++i) EXPECT_NEAR(kernel[i], wanted[i], 1e-6) << name;
        EXPECT_EQ(trainer.optimizer_state().step, 3U);
    }
}

TEST(KerasFile, ReadsOtherTypesAndFilters) {
    const auto weights = [](const std::string& name) { return read_keras_h5(file(name)).network.weights; };
    const auto exact = weights("sequential.h5");
    const auto half = weights("half_gzip.h5");  // the first dense kernel as float16, its bias gzipped
    ASSERT_EQ(exact.size(), half.size());
    int rounded = 0;
    for (std::size_t i = 0; i < exact.size(); ++i) {
        for (std::size_t k = 0; k < exact[i].values.size(); ++k) {
            if (exact[i].values[k] != half[i].values[k]) ++rounded;
            EXPECT_NEAR(exact[i].values[k], half[i].values[k], 1e-3);
        }
    }
    EXPECT_GT(rounded, 0);
}

TEST(KerasFile, RefusesWhatIsNotAModel) {
    EXPECT_THAT(message_of(file("soft_link.h5")), HasSubstr("kernel' is a link to another place"));
    EXPECT_THAT(message_of(file("outside_link.h5")), HasSubstr("kernel' is a link to another place"));
    EXPECT_THAT(message_of(file("external.h5")), HasSubstr("kernel' lie in another file"));
    EXPECT_THAT(message_of(file("huge.h5")), HasSubstr("should have more than"));
    EXPECT_THAT(message_of(file("narrow.h5")), HasSubstr(", 4), the network needs ("));
    const std::string good = file("sequential.h5");
    EXPECT_THAT(message_of(good.substr(0, good.size() / 2)), HasSubstr("cut off"));
    EXPECT_THAT(message_of("nothing"), HasSubstr("no HDF5 file"));
    const std::string zip = file("untrained.keras");
    EXPECT_THAT(message_of(zip.substr(0, zip.size() / 2)), HasSubstr("damaged zip archive"));
    std::string renamed = zip;
    for (auto at = renamed.find("metadata.json"); at != std::string::npos; at = renamed.find("metadata.json"))
        renamed.replace(at, 13, "../../ta.json");
    EXPECT_THAT(message_of(renamed), HasSubstr("'../../ta.json', which leads out of it"));
}

// A network of every activation that Keras has, each behind a convolution or a dense layer.
ModelSpec all_activations_model() {
    ModelSpec model;
    for (const auto function : all_activations())
        model.push_back(
            {.kind = Conv2dLayerSpec{.filters = 3, .padding = Padding::same, .activation = function}});
    model.push_back(
        {.kind = Pool2dLayerSpec{.kind = PoolKind::average, .size = {3, 2}, .padding = Padding::same}});
    model.push_back({.kind = GlobalPool2dLayerSpec{.kind = PoolKind::max}});
    for (const auto function : all_activations())
        model.push_back({.kind = DenseLayerSpec{.units = 4, .activation = function}});
    model.push_back({.kind = ActivationLayerSpec{Activation::softplus}});
    model.push_back(softmax_layer());
    return model;
}

struct Sample {
    std::string name;
    Network network;
};

// Networks after a few steps of training, so that no weight is zero.
std::vector<Sample> samples(const std::vector<float>& inputs, const std::vector<int>& labels) {
    std::vector<Sample> all;
    for (const auto& [name, model] : {std::pair<std::string, ModelSpec>{"small_cnn", small_cnn()},
                                      {"small_resnet", small_resnet()},
                                      {"all_activations", all_activations_model()}}) {
        Context context({.threads = 1});
        TestTensor images(context, {std::ssize(labels), 16, 16, 1});
        images.assign(inputs);
        Trainer trainer(context, model, {.inputs = images, .labels = labels, .classes = kClasses},
                        {.batch_size = 8}, 3);
        std::vector<std::int32_t> clips(labels.size());
        std::iota(clips.begin(), clips.end(), 0);
        trainer.train_epoch(clips, std::vector(8, 0.01));
        all.push_back({name,
                       {.model = model,
                        .input = {1, 16, 16, 1},
                        .classes = kClasses,
                        .weights = read_weights(trainer.parameters()),
                        .optimizer = trainer.optimizer_state()}});
    }
    return all;
}

class KerasWriting : public testing::Test {
 protected:
    KerasWriting() : data_(context_, 64, 16, kClasses) {}
    Context context_{{.threads = 1}};
    SmallData data_;
};

TEST_F(KerasWriting, WhatIsWrittenIsReadAgain) {
    for (const auto& [name, network] : samples(data_.inputs.values(), data_.labels)) {
        const std::string bytes = to_keras_h5(network, "a note");
        EXPECT_EQ(to_keras_h5(network, "a note"), bytes) << "the time of day is no part of a model";
        const KerasFile read = read_keras_h5(bytes);
        EXPECT_EQ(read.note, "a note");
        EXPECT_EQ(read.network.input, network.input);
        EXPECT_EQ(logits_of(read.network, data_.inputs.values()), logits_of(network, data_.inputs.values()))
            << name;
        ASSERT_TRUE(read.network.optimizer.has_value());
        EXPECT_EQ(read.network.optimizer->step, network.optimizer->step);
        ASSERT_EQ(read.network.optimizer->moments.size(), 2U);
        for (std::size_t moment = 0; moment < 2; ++moment) {
            std::map<std::string, std::vector<float>> wanted;
            for (const auto& one : network.optimizer->moments[moment]) wanted[one.name] = one.values;
            for (const auto& one : read.network.optimizer->moments[moment])
                EXPECT_EQ(one.values, wanted.at(one.name)) << name << ' ' << one.name;
        }
    }
}

// For tests/peers/keras_models.py and onnx_models.py: files, and what a network says and how it goes on.
TEST_F(KerasWriting, ForPeers) {
    const char* folder = std::getenv("KICKDRUM_PEER_FOLDER");
    if (folder == nullptr) GTEST_SKIP() << "KICKDRUM_PEER_FOLDER isn't set";
    for (const auto& [name, network] : samples(data_.inputs.values(), data_.labels)) {
        const auto write = [&, base = folder + ("/" + name)](const std::string& ending,
                                                             const std::string& bytes) {
            std::ofstream(base + ending, std::ios::binary) << bytes;
        };
        write(".h5", to_keras_h5(network, "a note"));
        write(".onnx", to_onnx(network, {}, {}));
        std::vector<float> labels(data_.labels.begin(), data_.labels.end());
        std::vector<NamedWeights> facts{
            {"inputs", data_.inputs.tensor().shape, data_.inputs.values()},
            {"labels", {64}, labels},
            {"logits", {64, kClasses}, logits_of(network, data_.inputs.values())}};
        if (name != "small_cnn" && name != "small_resnet") {  // those drop out values while training
            Trainer trainer(context_, network.model, data_.dataset, {.batch_size = 64}, 3);
            write_weights(network.weights, trainer.parameters());
            trainer.set_optimizer_state(*network.optimizer);
            trainer.train_step(data_.indices, network.optimizer->spec.learning_rate);
            const Parameter& kernel = trainer.parameters().parameters()[0];
            facts.push_back({"first_kernel_after_a_step", kernel.shape, trainer.parameters().read(kernel)});
            facts.push_back({"logits_after_a_step", {1}, {0}});
        }
        write(".safetensors", to_safetensors(facts, {}));
    }
}

// Damaged files: a model or an InvalidArgument. For longer: KICKDRUM_FUZZ_SECONDS=600
TEST(KerasFile, FuzzedFilesAreReadOrRefused) {
    const std::vector<std::string> seeds{file("sequential.h5"), file("half_gzip.h5"),
                                         file("untrained.keras")};
    const std::vector<std::string_view> words{"-1", "[", "null", "1e400", "\"Add\"", "\xFF\xFF\xFF\xFF"};
    int read = 0;
    fuzz(60, [&](std::uint64_t number) {
        const std::string bytes = Mutations(9, number).damaged(seeds, words);
        if (message_of(bytes) == "no error") ++read;
    });
    EXPECT_GT(read, 0);
}

std::string graph_message(const std::string& json) {
    try {
        from_keras(json);
    } catch (const InvalidArgument& error) {
        return error.what();
    }
    return "no error";
}

TEST(KerasGraph, RefusesByNameWhatTheNetworkCanNotBe) {
    const std::string chain = to_keras(small_cnn(), {1, 16, 16, 1}, kClasses).json;
    const auto replaced = [&](const std::string& from, const std::string& to) {
        std::string json = chain;
        json.replace(json.find(from), from.size(), to);
        return graph_message(json);
    };
    EXPECT_EQ(graph_message(chain), "no error");
    EXPECT_THAT(graph_message("{"), HasSubstr("isn't JSON"));
    EXPECT_THAT(replaced(R"("class_name":"Flatten")", R"("class_name":"Rescaling")"),
                HasSubstr("layer 'flatten_1' (Rescaling): Kickdrum has no such layer"));
    EXPECT_THAT(replaced(R"("groups":1)", R"("groups":4)"),
                HasSubstr("layer 'conv2d_1' (Conv2D): Kickdrum has no groups"));
    EXPECT_THAT(replaced(R"("channels_last")", R"("channels_first")"),
                HasSubstr("layer 'conv2d_1' (Conv2D): channels must come last"));
    EXPECT_THAT(replaced(R"("filters":8)", R"("filters":99999999999)"),
                HasSubstr("'filters' must be a whole number from 1 to 65536"));
    EXPECT_THAT(replaced(R"("kernel_regularizer":null)", R"("kernel_regularizer":{"class_name":"L2"})"),
                HasSubstr("Kickdrum has no 'kernel_regularizer'"));
    EXPECT_THAT(replaced(R"("softmax")", R"("linear")"), HasSubstr("must end in a Dense layer with softmax"));
    EXPECT_THAT(replaced("[null,16,16,1]", "[null,16,null,1]"), HasSubstr("no fixed height"));
    EXPECT_THAT(replaced("[null,16,16,1]", "[null,5,16,1]"),
                HasSubstr("conv2d_2: a 3x3 kernel doesn't fit its input of 2x8"));
    const std::string graph = to_keras(small_resnet(), {1, 16, 16, 1}, kClasses).json;
    EXPECT_EQ(graph_message(graph), "no error");
    const std::string source = R"([["residual_1_activation")";
    std::string cut = graph;
    cut.replace(cut.find(source), source.size(), R"([["nowhere_1")");
    EXPECT_THAT(graph_message(cut), HasSubstr("'nowhere_1', which isn't there"));
}

// Blocks keep their layers, in the order in which Keras would load the weights.
TEST(KerasGraph, ResidualBlocksComeBack) {
    const KerasArchitecture written = to_keras(small_resnet(), {1, 16, 16, 1}, kClasses);
    const KerasArchitecture read = from_keras(written.json);
    const auto names = [](const KerasArchitecture& keras) {
        std::vector<std::string> list;
        for (const auto& layer : keras.weights) {
            for (const auto& row : layer.weights) list.push_back(row.name);
        }
        return list;
    };
    EXPECT_EQ(names(read), names(written));
    const auto rows = [](const KerasArchitecture& keras) {
        std::vector<std::string> list;
        for (const auto& row : describe_model(keras.model, keras.input, keras.classes))
            list.push_back(row.name + ": " + row.description);
        return list;
    };
    EXPECT_EQ(rows(read), rows(written));
}

}  // namespace
}  // namespace kickdrum
