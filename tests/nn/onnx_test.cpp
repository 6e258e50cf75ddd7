// SPDX-License-Identifier: MIT
// ONNX models, read back by a small decoder of protocol buffers. What ONNX Runtime computes with them is compared
// by tests/peers/onnx_models.py.
#include "nn/formats/onnx.h"

#include <gmock/gmock.h>

#include <cstring>
#include <set>

#include "tests/nn/network.h"

namespace kickdrum {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;

// A message by the wire format's rules: fields with their number or their bytes.
struct Message {
    struct Field {
        int number = 0;
        std::int64_t integer = 0;
        std::string bytes;
    };
    std::vector<Field> fields;

    explicit Message(std::string_view wire) {
        while (!wire.empty()) {
            const std::uint64_t tag = varint(wire);
            Field field{.number = static_cast<int>(tag / 8), .bytes = {}};
            if (tag % 8 == 0) {
                field.integer = static_cast<std::int64_t>(varint(wire));
            } else {
                const std::size_t size = tag % 8 == 2 ? varint(wire) : 4;
                EXPECT_TRUE(tag % 8 == 2 || tag % 8 == 5) << tag;
                EXPECT_LE(size, wire.size());
                field.bytes = wire.substr(0, size);
                wire.remove_prefix(size);
            }
            fields.push_back(std::move(field));
        }
    }
    static std::uint64_t varint(std::string_view& wire) {
        std::uint64_t value = 0;
        for (int shift = 0; !wire.empty(); shift += 7) {
            const auto byte = static_cast<unsigned char>(wire.front());
            wire.remove_prefix(1);
            value |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
            if (byte < 0x80) break;
        }
        return value;
    }
    std::vector<Message> messages(int number) const {
        std::vector<Message> all;
        for (const auto& field : fields) {
            if (field.number == number) all.emplace_back(field.bytes);
        }
        return all;
    }
    std::vector<std::string> texts(int number) const {
        std::vector<std::string> all;
        for (const auto& field : fields) {
            if (field.number == number) all.push_back(field.bytes);
        }
        return all;
    }
    std::vector<std::int64_t> integers(int number) const {
        std::vector<std::int64_t> all;
        for (const auto& field : fields) {
            if (field.number == number) all.push_back(field.integer);
        }
        return all;
    }
};

Message graph_of(const std::string& onnx) {
    return Message(onnx).messages(7).at(0);
}

std::vector<std::string> types_of(const Message& graph) {
    std::vector<std::string> types;
    for (const auto& node : graph.messages(1)) types.push_back(node.texts(4).at(0));
    return types;
}

Network network_of(const ModelSpec& model, const Shape& input) {
    Network network{.model = model, .input = input, .classes = 3, .weights = {}, .optimizer = {}};
    for (const auto& row : weight_rows(model, input, 3)) {
        NamedWeights weights{.name = row.name, .shape = row.shape, .values = {}};
        for (std::int64_t i = 0; i < row.shape.count(); ++i) weights.values.push_back(static_cast<float>(i));
        network.weights.push_back(std::move(weights));
    }
    return network;
}

TEST(Onnx, SaysItsVersionsAndValues) {
    const std::string onnx = to_onnx(network_of(small_cnn(), {1, 16, 16, 1}), {}, {{"licence", "none"}});
    const Message model(onnx);
    EXPECT_THAT(model.integers(1), ElementsAre(8));
    EXPECT_THAT(model.messages(8).at(0).integers(2), ElementsAre(kOnnxOpset));
    EXPECT_THAT(model.messages(14).at(0).texts(2), ElementsAre("none"));
    const Message graph = graph_of(onnx);
    EXPECT_THAT(graph.messages(11).at(0).texts(1), ElementsAre("input"));
    EXPECT_THAT(graph.messages(12).at(0).texts(1), ElementsAre("probabilities"));
    EXPECT_THAT(types_of(graph),
                ElementsAre("Transpose", "Conv", "Relu", "MaxPool", "Conv", "Relu", "MaxPool", "Transpose",
                            "Flatten", "Gemm", "Relu", "Gemm", "Softmax"));
    const BandStatistics bands{.mean = std::vector<float>(16, 1), .scale = std::vector<float>(16, 2)};
    const auto types = types_of(graph_of(to_onnx(network_of(small_cnn(), {1, 16, 16, 1}), bands, {})));
    EXPECT_EQ(types[0] + " " + types[1], "Sub Mul");
}

// Every value is computed before it's read, and nothing is named twice.
TEST(Onnx, TheGraphIsInOrder) {
    const Message graph = graph_of(to_onnx(network_of(small_resnet(), {1, 16, 16, 1}), {}, {}));
    std::set<std::string> known{"input"};
    for (const auto& initializer : graph.messages(5))
        EXPECT_TRUE(known.insert(initializer.texts(8)[0]).second);
    for (const auto& node : graph.messages(1)) {
        for (const auto& input : node.texts(1)) EXPECT_TRUE(known.contains(input)) << input;
        EXPECT_TRUE(known.insert(node.texts(2).at(0)).second) << node.texts(2)[0];
    }
    EXPECT_TRUE(known.contains("probabilities"));
}

// TensorFlow's `same` with strides: of 16 rows the odd one is behind, 15 columns get one at either end.
TEST(Onnx, PadsAsTheNetworkDoes) {
    const ModelSpec model{
        {.kind = Conv2dLayerSpec{.filters = 2, .strides = {2, 2}, .padding = Padding::same}},
        {.kind = GlobalPool2dLayerSpec{}},
        softmax_layer()};
    const Message graph = graph_of(to_onnx(network_of(model, {1, 16, 15, 2}), {}, {}));
    for (const auto& node : graph.messages(1)) {
        if (node.texts(4)[0] != "Conv") continue;
        for (const auto& attribute : node.messages(5)) {
            const std::string name = attribute.texts(1)[0];
            if (name == "pads") {
                EXPECT_THAT(attribute.integers(8), ElementsAre(0, 1, 1, 1));
            }
            if (name == "strides") {
                EXPECT_THAT(attribute.integers(8), ElementsAre(2, 2));
            }
        }
    }
    // Value i of [3, 3, 2 in, 2 out] is i; ONNX has [2 out, 2 in, 3, 3].
    const Message kernel = graph.messages(5).at(0);
    EXPECT_THAT(kernel.integers(1), ElementsAre(2, 2, 3, 3));
    std::vector<float> values(36);
    ASSERT_EQ(kernel.texts(9)[0].size(), values.size() * sizeof(float));
    std::memcpy(values.data(), kernel.texts(9)[0].data(), values.size() * sizeof(float));
    std::vector<float> wanted;
    for (int out = 0; out < 2; ++out) {
        for (int in = 0; in < 2; ++in) {
            for (int place = 0; place < 9; ++place)
                wanted.push_back(static_cast<float>(place * 4 + in * 2 + out));
        }
    }
    EXPECT_THAT(values, ElementsAreArray(wanted));
}

}  // namespace
}  // namespace kickdrum
