// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "nn/formats/keras_graph.h"
#include "nn/formats/keras_layers.h"
#include "nn/model/layer_names.h"

namespace kickdrum {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMostLayers = 10'000;

struct Node {
    std::string name;
    std::string type;
    const Json* config = nullptr;
    std::vector<std::size_t> inputs{};
    std::vector<std::size_t> users{};
};

const Json& member(const Json& object, const char* key, const std::string& where) {
    const auto found = object.is_object() ? object.find(key) : object.end();
    require(object.is_object() && found != object.end(), "{} has no '{}'", where, key);
    return *found;
}

std::string text_member(const Json& object, const char* key, const std::string& where) {
    const Json& text = member(object, key, where);
    require(text.is_string(), "'{}' of {} is no text", key, where);
    return text.get<std::string>();
}

// The names of the layers that a layer of a Functional model takes its input from, by Keras 2
// [[["name", 0, 0, {}], ...]] or Keras 3 [{"args": [tensor or list of tensors], "kwargs": ...}].
void collect_inputs(const Json& value, std::vector<std::string>& names, int depth) {
    require(depth < 16, "the model's graph is nested too deeply");
    if (value.is_object() && value.contains("args")) {
        collect_inputs(value["args"], names, depth + 1);
    } else if (value.is_object() && value.contains("config")) {
        const Json& config = value["config"];
        if (config.is_object() && config.contains("keras_history"))
            collect_inputs(config["keras_history"], names, depth + 1);
    } else if (value.is_array()) {
        if (value.size() >= 3 && value[0].is_string() && value[1].is_number_integer()) {
            names.push_back(value[0].get<std::string>());
            return;
        }
        for (const Json& item : value) collect_inputs(item, names, depth + 1);
    }
}

std::vector<Node> read_nodes(const Json& config, bool functional) {
    const Json& layers = member(config, "layers", "the model");
    require(layers.is_array() && !layers.empty(), "the model has no layers");
    require(layers.size() <= kMostLayers, "the model has {} layers; at most {} are read", layers.size(),
            kMostLayers);
    std::vector<Node> nodes;
    std::map<std::string, std::size_t> places;
    for (const Json& layer : layers) {
        const std::string where = "layer " + std::to_string(nodes.size() + 1);
        Node node{.name = {},
                  .type = text_member(layer, "class_name", where),
                  .config = &member(layer, "config", where)};
        node.name = text_member(*node.config, "name", where);
        require(places.emplace(node.name, nodes.size()).second, "two layers are called '{}'", node.name);
        nodes.push_back(std::move(node));
    }
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        std::vector<std::string> names;
        if (functional) {
            const Json& inbound = member(layers[i], "inbound_nodes", "layer '" + nodes[i].name + "'");
            require(inbound.is_array() && inbound.size() <= 1,
                    "layer '{}' is used at several places; Kickdrum shares no weights", nodes[i].name);
            collect_inputs(inbound, names, 0);
        } else if (i > 0) {
            names.push_back(nodes[i - 1].name);
        }
        for (const auto& name : names) {
            const auto place = places.find(name);
            require(place != places.end(), "layer '{}' takes its input from '{}', which isn't there",
                    nodes[i].name, name);
            nodes[i].inputs.push_back(place->second);
            nodes[place->second].users.push_back(i);
        }
    }
    return nodes;
}

// From the graph to lists of layers: what forks must meet again in an Add, as a residual block.
class ChainReader {
 public:
    explicit ChainReader(std::vector<Node>& nodes) : nodes_(nodes) {}

    struct Chain {
        std::vector<LayerSpec> layers;
        std::size_t end =
            static_cast<std::size_t>(-1);  // the Add in which it meets another; kNone: the output
        std::size_t last = 0;              // before that
    };
    static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

    // What comes behind `node`. Layers get their names of Keras by `prefix` and their place.
    Chain behind(std::size_t node, const std::string& prefix, int depth) {
        require(depth < 64, "the model's blocks are nested too deeply");
        Chain chain;
        LayerNames names(prefix);
        while (true) {
            const auto& users = nodes_[node].users;
            if (users.empty()) return chain;
            if (users.size() > 1) {
                node = read_block(node, names, chain, depth);
                continue;
            }
            const std::size_t next = users.front();
            if (nodes_[next].type == "Add" && nodes_[next].inputs.size() == 2) {
                chain.end = next;
                chain.last = node;
                return chain;
            }
            require(nodes_[next].inputs.size() == 1, "layer '{}' ({}) takes {} inputs", nodes_[next].name,
                    nodes_[next].type, nodes_[next].inputs.size());
            require(seen_.insert(next).second, "the model's graph has a loop at layer '{}'",
                    nodes_[next].name);
            read_layer(next, names, chain);
            node = next;
        }
    }

    // Keras' layers by the names of ours that hold their weights.
    const std::map<std::string, std::size_t>& weighted() const { return weighted_; }

 private:
    void read_layer(std::size_t number, LayerNames& names, Chain& chain) {
        const Node& node = nodes_[number];
        const auto layer = keras_layer(node.name, node.type, *node.config);
        if (!layer) return;  // nothing happens in it
        if (merges_softmax(*layer, chain)) return;
        LayerSpec spec;
        spec.kind = layer->kind;
        const std::string ours = names.next(type_name(spec));
        weighted_[ours] = number;
        chain.layers.push_back(std::move(spec));
    }

    // A softmax of its own belongs to the dense layer before it.
    static bool merges_softmax(const KerasLayer& layer, Chain& chain) {
        if (!layer.softmax) return false;
        auto* dense = chain.layers.empty() ? nullptr : std::get_if<DenseLayerSpec>(&chain.layers.back().kind);
        require(dense != nullptr && dense->activation == Activation::linear && !dense->softmax,
                "layer '{}': softmax must follow a Dense layer without an activation", layer.name);
        dense->softmax = true;
        return true;
    }

    // A fork at `node`; returns the node behind which the chain goes on.
    std::size_t read_block(std::size_t node, LayerNames& names, Chain& chain, int depth) {
        const auto users = nodes_[node].users;
        require(users.size() == 2,
                "layer '{}' is the input of {} layers; two can be represented, as a residual block",
                nodes_[node].name, users.size());
        LayerNames tried = names;
        const std::string ours = tried.next(ResidualLayerSpec::kName);
        names = tried;
        std::array<Chain, 2> branches;
        std::size_t end = kNone;
        for (std::size_t i = 0; i < 2; ++i) {
            branches[i] = branch(node, users[i], ours + (i == 0 ? "/body/" : "/shortcut/"), depth);
            require(branches[i].end != kNone && (i == 0 || branches[i].end == end),
                    "what forks behind layer '{}' doesn't meet again in one Add", nodes_[node].name);
            end = branches[i].end;
        }
        require(seen_.insert(end).second, "the model's graph has a loop at layer '{}'", nodes_[end].name);
        // The first input of the Add is the body, unless it's the fork itself.
        const bool second_is_first_input =
            !branches[1].layers.empty() && branches[1].last == nodes_[end].inputs[0];
        if (branches[0].layers.empty() || second_is_first_input) swap_branches(branches, ours);
        require(!branches[0].layers.empty(), "layer '{}' adds a value to itself", nodes_[end].name);
        ResidualLayerSpec block{.body = std::move(branches[0].layers),
                                .shortcut = std::move(branches[1].layers),
                                .activation = Activation::linear};
        end = take_activation(end, block);
        chain.layers.push_back({.kind = std::move(block)});
        return end;
    }

    Chain branch(std::size_t fork, std::size_t first, const std::string& prefix, int depth) {
        if (nodes_[first].type == "Add") return {.layers = {}, .end = first, .last = fork};
        // The branch as if `first` were the only user.
        const auto all = nodes_[fork].users;
        nodes_[fork].users = {first};
        Chain chain = behind(fork, prefix, depth + 1);
        nodes_[fork].users = all;
        return chain;
    }

    void swap_branches(std::array<Chain, 2>& branches, const std::string& ours) {
        std::swap(branches[0], branches[1]);
        std::map<std::string, std::size_t> renamed;
        const std::string body = ours + "/body/";
        const std::string shortcut = ours + "/shortcut/";
        for (const auto& [name, number] : weighted_) {
            std::string other = name;
            if (name.starts_with(body)) other = shortcut + name.substr(body.size());
            if (name.starts_with(shortcut)) other = body + name.substr(shortcut.size());
            renamed[other] = number;
        }
        weighted_ = std::move(renamed);
    }

    // An activation right behind the Add is part of the block.
    std::size_t take_activation(std::size_t add, ResidualLayerSpec& block) {
        if (nodes_[add].users.size() != 1) return add;
        const std::size_t next = nodes_[add].users.front();
        if (nodes_[next].inputs.size() != 1) return add;
        if (nodes_[next].type != "Activation" && nodes_[next].type != "ReLU") return add;
        const auto layer = keras_layer(nodes_[next].name, nodes_[next].type, *nodes_[next].config);
        const auto* function =
            layer && !layer->softmax ? std::get_if<ActivationLayerSpec>(&layer->kind) : nullptr;
        if (function == nullptr || needs_src(function->function)) return add;
        block.activation = function->function;
        return next;
    }

    std::vector<Node>& nodes_;
    std::set<std::size_t> seen_;
    std::map<std::string, std::size_t> weighted_;
};

Shape input_shape(const Json& config, const std::vector<Node>& nodes) {
    const Json* shape = nullptr;
    for (const auto* key : {"batch_shape", "batch_input_shape"}) {
        if (shape == nullptr && nodes[0].config->contains(key)) shape = &(*nodes[0].config)[key];
    }
    if (shape == nullptr && config.contains("build_input_shape")) shape = &config["build_input_shape"];
    require(shape != nullptr && shape->is_array(), "the model doesn't say what its input is");
    // Keras 3 writes [null, 8, 8, 1]; of a Functional model with named inputs it may be nested.
    require(shape->size() == 4, "the model's input has {} axes; expected (clips, height, width, channels)",
            shape->size());
    std::array<std::int64_t, 3> extents{};
    for (std::size_t axis = 0; axis < 3; ++axis) {
        const Json& extent = (*shape)[axis + 1];
        require(extent.is_number_integer() && extent.get<std::int64_t>() >= 1 &&
                    extent.get<std::int64_t>() <= 65'536,
                "the model's input has no fixed height, width and channels");
        extents[axis] = extent.get<std::int64_t>();
    }
    return {1, extents[0], extents[1], extents[2]};
}

int class_count(ModelSpec& model) {
    auto* last = model.empty() ? nullptr : std::get_if<DenseLayerSpec>(&model.back().kind);
    require(
        last != nullptr && last->softmax,
        "the model must end in a Dense layer with softmax, because its outputs are taken as probabilities");
    const int classes = last->units;
    last->units = DenseLayerSpec::kClasses;
    return classes;
}

}  // namespace

KerasArchitecture from_keras(std::string_view json) {
    const Json root = Json::parse(json, nullptr, false);
    require(root.is_object(), "damaged file: the model's configuration isn't JSON");
    const std::string type = text_member(root, "class_name", "the model");
    const bool functional = type == "Functional" || type == "Model";
    require(functional || type == "Sequential", "the model is a {}; Sequential and Functional ones are read",
            type);
    const Json& config = member(root, "config", "the model");
    std::vector<Node> nodes = read_nodes(config, functional);

    KerasArchitecture keras{.json = std::string(json), .model = {}, .input = {}, .classes = 0, .weights = {}};
    keras.input = input_shape(config, nodes);
    // A Sequential model of old may begin without an input of its own.
    if (nodes[0].type != "InputLayer") {
        require(!functional, "the first layer must be the input");
        for (Node& node : nodes) {
            for (auto& input : node.inputs) ++input;
            for (auto& user : node.users) ++user;
        }
        nodes[0].inputs = {0};
        nodes.insert(nodes.begin(), Node{.name = "", .type = "InputLayer", .config = nodes[0].config});
        nodes[0].users = {1};
    }
    ChainReader reader(nodes);
    auto chain = reader.behind(0, "", 0);
    require(chain.end == ChainReader::kNone, "layer '{}' adds what doesn't come from the model's one input",
            chain.end == ChainReader::kNone ? "" : nodes[chain.end].name);
    keras.model = std::move(chain.layers);
    keras.classes = class_count(keras.model);

    std::map<std::size_t, KerasWeights> by_node;  // in the order of the file
    for (auto& row : describe_model(keras.model, keras.input, keras.classes)) {
        const auto place = reader.weighted().find(row.name);
        if (row.weights.empty() || place == reader.weighted().end()) continue;
        const Node& node = nodes[place->second];
        by_node[place->second] = {node.name, node.type, std::move(row.weights)};
    }
    for (auto& [number, weights] : by_node) keras.weights.push_back(std::move(weights));
    return keras;
}

}  // namespace kickdrum
