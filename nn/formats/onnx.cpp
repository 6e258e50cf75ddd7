// SPDX-License-Identifier: MIT
#include "nn/formats/onnx.h"

#include <algorithm>
#include <numbers>
#include <optional>
#include <vector>

#include "nn/formats/protobuf_writer.h"
#include "nn/model/layer_names.h"

namespace kickdrum {
namespace {

// Numbers of onnx.proto.
enum AttributeType : int { kFloat = 1, kInt = 2, kInts = 7 };
enum ElementType : int { kFloat32 = 1 };

class Attributes {
 public:
    Attributes& number(std::string_view name, float value) {
        list_.push_back(ProtobufWriter().text(1, name).number(2, value).integer(20, kFloat));
        return *this;
    }
    Attributes& integer(std::string_view name, std::int64_t value) {
        list_.push_back(ProtobufWriter().text(1, name).integer(3, value).integer(20, kInt));
        return *this;
    }
    Attributes& integers(std::string_view name, const std::vector<std::int64_t>& values) {
        ProtobufWriter attribute;
        attribute.text(1, name);
        for (const auto value : values) attribute.integer(8, value);
        list_.push_back(attribute.integer(20, kInts));
        return *this;
    }
    const std::vector<ProtobufWriter>& list() const { return list_; }

 private:
    std::vector<ProtobufWriter> list_;
};

ProtobufWriter tensor(const std::string& name, const std::vector<std::int64_t>& extents,
                      const std::vector<float>& values) {
    ProtobufWriter proto;
    for (const auto extent : extents) proto.integer(1, extent);
    proto.integer(2, kFloat32);
    proto.text(8, name);
    proto.text(9, {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)});
    return proto;
}

// A value of the graph: "clips" is the extent that isn't fixed.
ProtobufWriter value_info(const std::string& name, const Shape& shape) {
    ProtobufWriter dims;
    dims.message(1, ProtobufWriter().text(2, "clips"));
    for (int axis = 1; axis < shape.rank(); ++axis) dims.message(1, ProtobufWriter().integer(1, shape[axis]));
    const ProtobufWriter type = ProtobufWriter().integer(1, kFloat32).message(2, dims);
    return ProtobufWriter().text(1, name).message(2, ProtobufWriter().message(1, type));
}

// Both ends of one axis: `same` puts the odd row or column behind.
struct Pads {
    std::int64_t before = 0;
    std::int64_t after = 0;
};
Pads pads_of(std::int64_t n, int kernel, int stride, int dilation, Padding padding) {
    if (padding == Padding::valid) return {};
    const WindowExtent window = window_extent(n, kernel, stride, dilation, padding);
    const std::int64_t span = std::int64_t{kernel - 1} * dilation + 1;
    const std::int64_t total = std::max<std::int64_t>((window.out - 1) * stride + span - n, 0);
    return {window.before, total - window.before};
}

std::vector<float> hwio_to_oihw(const NamedWeights& kernel) {
    const Shape& s = kernel.shape;
    std::vector<float> oihw;
    oihw.reserve(kernel.values.size());
    for (std::int64_t o = 0; o < s[3]; ++o) {
        for (std::int64_t i = 0; i < s[2]; ++i) {
            for (std::int64_t place = 0; place < s[0] * s[1]; ++place)
                oihw.push_back(kernel.values[static_cast<std::size_t>((place * s[2] + i) * s[3] + o)]);
        }
    }
    return oihw;
}

class GraphWriter {
 public:
    explicit GraphWriter(const Network& network) : network_(network) {
        for (const auto& row : describe_model(network.model, network.input, network.classes))
            rows_.push_back(row);
    }

    ProtobufWriter write(const BandStatistics& bands) {
        value_ = "input";
        if (!bands.mean.empty()) standardize(bands);
        value_ = node("Transpose", {value_}, Attributes().integers("perm", {0, 3, 1, 2}));
        is_image_ = true;
        chain(network_.model, "");
        const auto* const last = std::get_if<DenseLayerSpec>(&network_.model.back().kind);
        if (last != nullptr && last->sets) {
            node("Sigmoid", {value_}, {}, "probabilities");
        } else {
            node("Softmax", {value_}, Attributes().integer("axis", -1), "probabilities");
        }
        graph_.text(2, "kickdrum");
        graph_.message(11, value_info("input", network_.input));
        graph_.message(12, value_info("probabilities", {1, network_.classes}));
        return graph_;
    }

 private:
    std::string node(std::string_view type, const std::vector<std::string>& inputs,
                     const Attributes& attributes = {}, std::string output = {}) {
        if (output.empty()) output = fmt::format("{}/{}", ours_.empty() ? "inputs" : ours_, ++count_);
        ProtobufWriter proto;
        for (const auto& input : inputs) proto.text(1, input);
        proto.text(2, output);
        proto.text(3, output);
        proto.text(4, type);
        for (const auto& attribute : attributes.list()) proto.message(5, attribute);
        graph_.message(1, proto);
        return output;
    }

    std::string constant(const std::string& name, const std::vector<std::int64_t>& extents,
                         const std::vector<float>& values) {
        graph_.message(5, tensor(name, extents, values));
        return name;
    }
    // A parameter of the layer as it is.
    std::string weights(const std::string& what) {
        const NamedWeights& found = find(what);
        std::vector<std::int64_t> extents;
        for (int axis = 0; axis < found.shape.rank(); ++axis) extents.push_back(found.shape[axis]);
        return constant(found.name, extents, found.values);
    }
    const NamedWeights& find(const std::string& what) const {
        const auto found = std::ranges::find(network_.weights, ours_ + "/" + what, &NamedWeights::name);
        require(found != network_.weights.end(), "the network has no weights '{}/{}'", ours_, what);
        return *found;
    }
    // The row of the layer that is written.
    const LayerRow& row() const { return *std::ranges::find(rows_, ours_, &LayerRow::name); }

    void standardize(const BandStatistics& bands) {
        const std::vector<std::int64_t> extents{1, network_.input[1], 1, network_.input[3]};
        value_ = node("Sub", {value_, constant("band_mean", extents, bands.mean)});
        value_ = node("Mul", {value_, constant("band_scale", extents, bands.scale)});
    }

    void chain(const std::vector<LayerSpec>& layers, const std::string& prefix) {
        LayerNames names(prefix);
        for (const auto& layer : layers) {
            ours_ = names.next(type_name(layer));
            std::visit([&](const auto& kind) { visit(kind); }, layer.kind);
        }
    }

    void activation(Activation function) {
        switch (function) {
            case Activation::linear: return;
            case Activation::relu: value_ = node("Relu", {value_}); return;
            case Activation::leaky_relu:
                value_ = node("LeakyRelu", {value_}, Attributes().number("alpha", 0.2F));
                return;
            case Activation::elu: value_ = node("Elu", {value_}); return;
            case Activation::selu: value_ = node("Selu", {value_}); return;
            case Activation::gelu: gelu(); return;
            case Activation::silu: value_ = node("Mul", {value_, node("Sigmoid", {value_})}); return;
            case Activation::sigmoid: value_ = node("Sigmoid", {value_}); return;
            case Activation::tanh: value_ = node("Tanh", {value_}); return;
            case Activation::softplus: value_ = node("Softplus", {value_}); return;
        }
    }

    // x / 2 (1 + erf(x / sqrt 2)); a word of its own only from opset 20 on.
    void gelu() {
        const auto number = [&](const char* name, double value) {
            return constant(fmt::format("{}/{}{}", ours_, name, ++count_), {}, {static_cast<float>(value)});
        };
        const std::string erf =
            node("Erf", {node("Mul", {value_, number("inverse_root", 1 / std::numbers::sqrt2)})});
        const std::string sum = node("Add", {erf, number("one", 1)});
        value_ = node("Mul", {node("Mul", {value_, sum}), number("half", 0.5)});
    }

    static Attributes window(Extent2d kernel, Extent2d strides, Pads h, Pads w) {
        return Attributes()
            .integers("kernel_shape", {kernel.h, kernel.w})
            .integers("strides", {strides.h, strides.w})
            .integers("pads", {h.before, w.before, h.after, w.after});
    }

    void visit(const Conv2dLayerSpec& conv) {
        const Shape& src = row().src;
        const NamedWeights& kernel = find("kernel");
        std::vector<std::string> inputs{
            value_,
            constant(kernel.name, {kernel.shape[3], kernel.shape[2], kernel.shape[0], kernel.shape[1]},
                     hwio_to_oihw(kernel))};
        if (conv.use_bias) inputs.push_back(weights("bias"));
        Attributes attributes =
            window(conv.kernel, conv.strides,
                   pads_of(src[1], conv.kernel.h, conv.strides.h, conv.dilation.h, conv.padding),
                   pads_of(src[2], conv.kernel.w, conv.strides.w, conv.dilation.w, conv.padding));
        attributes.integers("dilations", {conv.dilation.h, conv.dilation.w});
        value_ = node("Conv", inputs, attributes);
        activation(conv.activation);
    }
    void visit(const Pool2dLayerSpec& pool) {
        const Shape& src = row().src;
        const Extent2d strides = pool.strides.value_or(pool.size);
        Attributes attributes =
            window(pool.size, strides, pads_of(src[1], pool.size.h, strides.h, 1, pool.padding),
                   pads_of(src[2], pool.size.w, strides.w, 1, pool.padding));
        const bool average = pool.kind == PoolKind::average;
        if (average) attributes.integer("count_include_pad", 0);
        value_ = node(average ? "AveragePool" : "MaxPool", {value_}, attributes);
    }
    void visit(const GlobalPool2dLayerSpec& pool) {
        value_ = node(pool.kind == PoolKind::max ? "GlobalMaxPool" : "GlobalAveragePool", {value_});
        value_ = node("Flatten", {value_}, Attributes().integer("axis", 1));
        is_image_ = false;
    }
    void visit(const BatchNormLayerSpec& norm) {
        value_ = node(
            "BatchNormalization",
            {value_, weights("gamma"), weights("beta"), weights("moving_mean"), weights("moving_variance")},
            Attributes().number("epsilon", static_cast<float>(norm.epsilon)));
    }
    void visit(const ActivationLayerSpec& layer) { activation(layer.function); }
    void visit(const FlattenLayerSpec&) {
        if (!is_image_) return;
        value_ = node("Transpose", {value_}, Attributes().integers("perm", {0, 2, 3, 1}));
        value_ = node("Flatten", {value_}, Attributes().integer("axis", 1));
        is_image_ = false;
    }
    void visit(const DropoutLayerSpec&) {}
    void visit(const DenseLayerSpec& dense) {
        std::vector<std::string> inputs{value_, weights("kernel")};
        if (dense.use_bias) inputs.push_back(weights("bias"));
        value_ = node("Gemm", inputs);
        activation(dense.activation);
    }
    void visit(const ResidualLayerSpec& residual) {
        const std::string ours = ours_;
        const std::string src = value_;
        const bool was_image = is_image_;
        chain(residual.body, ours + "/body/");
        const std::string body = value_;
        value_ = src;
        is_image_ = was_image;
        chain(residual.shortcut, ours + "/shortcut/");
        ours_ = ours;
        value_ = node("Add", {body, value_});
        activation(residual.activation);
    }

    const Network& network_;
    std::vector<LayerRow> rows_;
    ProtobufWriter graph_;
    std::string value_;
    std::string ours_;
    bool is_image_ = false;
    int count_ = 0;
};

}  // namespace

std::string to_onnx(const Network& network, const BandStatistics& bands,
                    const std::map<std::string, std::string>& metadata) {
    ProtobufWriter model;
    model.integer(1, 8);  // IR version
    model.text(2, "kickdrum");
    model.message(7, GraphWriter(network).write(bands));
    model.message(8, ProtobufWriter().text(1, "").integer(2, kOnnxOpset));
    for (const auto& [name, text] : metadata) model.message(14, ProtobufWriter().text(1, name).text(2, text));
    return model.bytes();
}

}  // namespace kickdrum
