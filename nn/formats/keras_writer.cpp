// SPDX-License-Identifier: MIT
#include <algorithm>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "nn/formats/keras_graph.h"
#include "nn/formats/keras_words.h"
#include "nn/model/layer_names.h"

namespace kickdrum {
namespace {

using Json = nlohmann::ordered_json;

struct Node {
    std::string name;
    std::string type;
    Json config;
    std::vector<int> inputs;  // numbers of nodes
    std::string ours;         // "conv2d_1" where it has weights
};

Json initializer(Initializer initializer) {
    Json config = Json::object();
    if (initializer != Initializer::zeros && initializer != Initializer::ones) config["seed"] = nullptr;
    if (initializer == Initializer::fan_in_uniform)
        config.update(Json{{"scale", 1.0 / 3}, {"mode", "fan_in"}, {"distribution", "uniform"}});
    return {{"class_name", keras_word(initializer)}, {"config", config}};
}

Json pair_of(Extent2d extent) {
    return {extent.h, extent.w};
}

// Makes the nodes, one behind the other; a residual block forks and meets again in an Add.
class GraphBuilder {
 public:
    GraphBuilder(const Shape& input, int classes) : classes_(classes) {
        Json shape{nullptr, input[1], input[2], input[3]};
        nodes_.push_back({"input_1",
                          "InputLayer",
                          {{"batch_input_shape", std::move(shape)},
                           {"dtype", "float32"},
                           {"sparse", false},
                           {"ragged", false},
                           {"name", "input_1"}},
                          {},
                          {}});
    }

    void chain(const std::vector<LayerSpec>& layers, const std::string& prefix) {
        LayerNames names(prefix);
        for (const auto& layer : layers) {
            ours_ = names.next(type_name(layer));
            std::visit([&](const auto& kind) { visit(kind); }, layer.kind);
        }
    }

    std::vector<Node> take() { return std::move(nodes_); }
    bool forks() const { return forks_; }

 private:
    // Behind the last node.
    Json& add(const std::string& type, Json options, bool has_weights = false) {
        // Keras takes no '/' in a layer's name.
        std::string name = ours_;
        std::ranges::replace(name, '/', '_');
        if (std::ranges::any_of(nodes_, [&](const Node& node) { return node.name == name; })) {
            std::string lower = type;
            std::ranges::transform(lower, lower.begin(), [](char c) {
                return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
            });
            name += "_" + lower;
        }
        Json config{{"name", name}, {"trainable", true}, {"dtype", "float32"}};
        config.update(options);
        nodes_.push_back({name, type, std::move(config), {last_}, has_weights ? ours_ : ""});
        last_ = static_cast<int>(nodes_.size()) - 1;
        return nodes_.back().config;
    }

    // What Keras 2 knows by name goes into the layer; the others become one of their own.
    void activation(Json& config, Activation function) {
        const bool own = function == Activation::leaky_relu;
        config["activation"] = own ? "linear" : keras_word(function);
        if (own) add("LeakyReLU", {{"alpha", kLeakySlope}});
    }

    static void common(Json& config, bool use_bias, Initializer kernel, Initializer bias) {
        config["use_bias"] = use_bias;
        config["kernel_initializer"] = initializer(kernel);
        config["bias_initializer"] = initializer(bias);
        for (const auto* key : {"kernel_regularizer", "bias_regularizer", "activity_regularizer",
                                "kernel_constraint", "bias_constraint"}) {
            config[key] = nullptr;
        }
    }

    void visit(const Conv2dLayerSpec& conv) {
        Json& config = add("Conv2D",
                           {{"filters", conv.filters},
                            {"kernel_size", pair_of(conv.kernel)},
                            {"strides", pair_of(conv.strides)},
                            {"padding", to_string(conv.padding)},
                            {"data_format", "channels_last"},
                            {"dilation_rate", pair_of(conv.dilation)},
                            {"groups", 1}},
                           true);
        common(config, conv.use_bias, conv.kernel_initializer, conv.bias_initializer);
        activation(config, conv.activation);
    }
    void visit(const Pool2dLayerSpec& pool) {
        add(pool.kind == PoolKind::max ? "MaxPooling2D" : "AveragePooling2D",
            {{"pool_size", pair_of(pool.size)},
             {"padding", to_string(pool.padding)},
             {"strides", pair_of(pool.strides.value_or(pool.size))},
             {"data_format", "channels_last"}});
    }
    void visit(const GlobalPool2dLayerSpec& pool) {
        add(pool.kind == PoolKind::max ? "GlobalMaxPooling2D" : "GlobalAveragePooling2D",
            {{"data_format", "channels_last"}, {"keepdims", false}});
    }
    void visit(const BatchNormLayerSpec& norm) {
        Json config{{"axis", -1},
                    {"momentum", norm.momentum},
                    {"epsilon", norm.epsilon},
                    {"center", true},
                    {"scale", true},
                    {"beta_initializer", initializer(Initializer::zeros)},
                    {"gamma_initializer", initializer(Initializer::ones)},
                    {"moving_mean_initializer", initializer(Initializer::zeros)},
                    {"moving_variance_initializer", initializer(Initializer::ones)}};
        for (const auto* key :
             {"beta_regularizer", "gamma_regularizer", "beta_constraint", "gamma_constraint"})
            config[key] = nullptr;
        add("BatchNormalization", std::move(config), true);
    }
    void visit(const ActivationLayerSpec& layer) {
        if (layer.function == Activation::leaky_relu) {
            add("LeakyReLU", {{"alpha", kLeakySlope}});
        } else {
            add("Activation", {{"activation", keras_word(layer.function)}});
        }
    }
    void visit(const FlattenLayerSpec&) { add("Flatten", {{"data_format", "channels_last"}}); }
    void visit(const DropoutLayerSpec& dropout) {
        add("Dropout", {{"rate", dropout.rate}, {"noise_shape", nullptr}, {"seed", nullptr}});
    }
    void visit(const DenseLayerSpec& dense) {
        const int units = dense.units == DenseLayerSpec::kClasses ? classes_ : dense.units;
        Json& config = add("Dense", {{"units", units}}, true);
        common(config, dense.use_bias, dense.kernel_initializer, dense.bias_initializer);
        if (dense.softmax) {
            config["activation"] = dense.sets ? "sigmoid" : "softmax";
        } else {
            activation(config, dense.activation);
        }
    }
    void visit(const ResidualLayerSpec& residual) {
        forks_ = true;
        const std::string ours = ours_;
        const int fork = last_;
        chain(residual.body, ours + "/body/");
        const int body = last_;
        last_ = fork;
        chain(residual.shortcut, ours + "/shortcut/");
        const int shortcut = last_;
        ours_ = ours;
        add("Add", Json::object());
        nodes_.back().inputs = {body, shortcut};
        if (residual.activation == Activation::leaky_relu) {
            add("LeakyReLU", {{"alpha", kLeakySlope}});
        } else if (residual.activation != Activation::linear) {
            add("Activation", {{"activation", keras_word(residual.activation)}});
        }
    }

    int classes_;
    std::vector<Node> nodes_;
    int last_ = 0;
    std::string ours_;
    bool forks_ = false;
};

// Keras sorts Model.layers by their distance from the output, the farthest first, and those of one distance
// by when a walk back from the output meets them.
std::vector<int> keras_order(const std::vector<Node>& nodes) {
    const auto count = nodes.size();
    std::vector<int> depth(count, 0);
    for (std::size_t i = count; i-- > 0;) {  // inputs stand before those that take them
        for (const int input : nodes[i].inputs) {
            int& one = depth[static_cast<std::size_t>(input)];
            one = std::max(one, depth[i] + 1);
        }
    }
    std::vector<int> met(count, -1);
    int next = 0;
    const std::function<void(int)> walk = [&](int node) {
        if (met[static_cast<std::size_t>(node)] >= 0) return;
        met[static_cast<std::size_t>(node)] = next++;
        for (const int input : nodes[static_cast<std::size_t>(node)].inputs) walk(input);
    };
    walk(static_cast<int>(count) - 1);
    std::vector<int> order(count);
    for (std::size_t i = 0; i < count; ++i) order[i] = static_cast<int>(i);
    std::ranges::stable_sort(order, [&](int a, int b) {
        const auto x = static_cast<std::size_t>(a);
        const auto y = static_cast<std::size_t>(b);
        return std::pair(-depth[x], met[x]) < std::pair(-depth[y], met[y]);
    });
    return order;
}

Json sequential(const std::vector<Node>& nodes) {
    Json layers = Json::array();
    for (const auto& node : nodes) layers.push_back({{"class_name", node.type}, {"config", node.config}});
    return {{"class_name", "Sequential"}, {"config", {{"name", "sequential"}, {"layers", layers}}}};
}

Json functional(const std::vector<Node>& nodes, const std::vector<int>& order) {
    Json layers = Json::array();
    for (const int number : order) {
        const Node& node = nodes[static_cast<std::size_t>(number)];
        Json inputs = Json::array();
        for (const int input : node.inputs)
            inputs.push_back(
                Json::array({nodes[static_cast<std::size_t>(input)].name, 0, 0, Json::object()}));
        layers.push_back({{"class_name", node.type},
                          {"config", node.config},
                          {"name", node.name},
                          {"inbound_nodes", inputs.empty() ? Json::array() : Json::array({inputs})}});
    }
    const auto place = [](const Node& node) { return Json::array({Json::array({node.name, 0, 0})}); };
    return {{"class_name", "Functional"},
            {"config",
             {{"name", "functional"},
              {"trainable", true},
              {"layers", layers},
              {"input_layers", place(nodes.front())},
              {"output_layers", place(nodes.back())}}}};
}

}  // namespace

KerasArchitecture to_keras(const ModelSpec& model, const Shape& input, int classes) {
    GraphBuilder builder(input, classes);
    builder.chain(model, "");
    const bool forks = builder.forks();
    const std::vector<Node> nodes = builder.take();
    const std::vector<int> order = keras_order(nodes);
    KerasArchitecture keras{.json = {}, .model = model, .input = input, .classes = classes, .weights = {}};
    keras.json = (forks ? functional(nodes, order) : sequential(nodes)).dump();
    std::map<std::string, std::vector<WeightRow>> ours;
    for (auto& row : describe_model(model, input, classes)) ours[row.name] = std::move(row.weights);
    for (const int number : order) {
        const Node& node = nodes[static_cast<std::size_t>(number)];
        if (!node.ours.empty()) keras.weights.push_back({node.name, node.type, ours.at(node.ours)});
    }
    return keras;
}

}  // namespace kickdrum
