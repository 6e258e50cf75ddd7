// SPDX-License-Identifier: MIT
// The legacy HDF5 layout: weights by layer under model_weights, the optimiser's under optimizer_weights.
#include <algorithm>
#include <map>
#include <utility>

#include "nn/formats/hdf5_file.h"
#include "nn/formats/keras_file.h"
#include "nn/formats/keras_graph.h"
#include "nn/formats/keras_training.h"

namespace kickdrum {
namespace {

constexpr const char* kNote = "kickdrum";
constexpr const char* kWeights = "model_weights";
constexpr const char* kOptimizer = "optimizer_weights";

const NamedWeights& find(const std::vector<NamedWeights>& weights, const std::string& name) {
    const auto found = std::ranges::find(weights, name, &NamedWeights::name);
    require(found != weights.end(), "the network has no weights '{}'", name);
    return *found;
}

// "kernel" of "residual_1/body/conv2d_1/kernel"
std::string last_part(const std::string& name) {
    return name.substr(name.rfind('/') + 1);
}

void write_weights(Hdf5Writer& file, const KerasArchitecture& keras, const Network& network) {
    file.group(kWeights);
    std::vector<std::string> layers;
    for (const auto& layer : keras.weights) {
        layers.push_back(layer.layer);
        const std::string group = std::string(kWeights) + "/" + layer.layer;
        std::vector<std::string> names;
        file.group(group + "/" + layer.layer);
        for (const auto& row : layer.weights) {
            names.push_back(layer.layer + "/" + last_part(row.name) + ":0");
            file.dataset(group + "/" + names.back(), row.shape, find(network.weights, row.name).values);
        }
        file.texts(group, "weight_names", names);
    }
    file.texts(kWeights, "layer_names", layers);
    file.text(kWeights, "backend", "tensorflow");
    file.text(kWeights, "keras_version", "2.15.0");
}

// As Keras 3 counts an optimiser's variables: iteration, learning rate, then the moments of each weight.
void write_optimizer(Hdf5Writer& file, const KerasArchitecture& keras, const OptimizerState& optimizer) {
    file.text("", "training_config", keras_training_config(optimizer.spec));
    const std::string root = kOptimizer;
    const std::string type(to_string(optimizer.spec.kind));
    std::vector<std::string> names{type + "/iteration", type + "/learning_rate"};
    file.group(root + "/" + type);
    file.scalar(root + "/" + names[0], static_cast<std::int64_t>(optimizer.step));
    file.scalar(root + "/" + names[1], static_cast<float>(optimizer.spec.learning_rate));
    for (const auto& layer : keras.weights) {
        for (const auto& row : layer.weights) {
            if (!row.trained) continue;
            for (std::size_t i = 0; i < optimizer.moments.size(); ++i) {
                names.push_back(type + "/" + layer.layer + "_" + last_part(row.name) +
                                (i == 0 ? "_momentum" : "_velocity"));
                file.dataset(root + "/" + names.back(), row.shape,
                             find(optimizer.moments[i], row.name).values);
            }
        }
    }
    file.texts(root, "weight_names", names);
}

// Paths of the weights of a layer, and how many there must be.
std::vector<std::string> weight_paths(const Hdf5Reader& file, const std::string& group,
                                      const KerasWeights& layer) {
    require(file.has(group), "the file has no weights of layer '{}'", layer.layer);
    const auto names = file.texts(group, "weight_names").value_or(std::vector<std::string>{});
    require(names.size() == layer.weights.size(), "layer '{}' ({}) has {} weights, expected {}", layer.layer,
            layer.type, names.size(), layer.weights.size());
    std::vector<std::string> paths;
    for (const auto& name : names) {
        require(!name.empty() && name.find("..") == std::string::npos && name.front() != '/',
                "layer '{}' has weights at '{}', which is no place in the file", layer.layer, name);
        paths.push_back(group + "/" + name);
    }
    return paths;
}

std::vector<NamedWeights> read_weights_of(const Hdf5Reader& file, const KerasArchitecture& keras) {
    // A file of weights alone has the layers at its root.
    const std::string root = file.has(kWeights) ? std::string(kWeights) + "/" : "";
    std::vector<NamedWeights> weights;
    for (const auto& layer : keras.weights) {
        const auto paths = weight_paths(file, root + layer.layer, layer);
        for (std::size_t i = 0; i < paths.size(); ++i) {
            auto data = file.dataset(paths[i], layer.weights[i].shape);
            weights.push_back({layer.weights[i].name, data.shape, std::move(data.values)});
        }
    }
    return weights;
}

std::vector<WeightRow> trained_rows(const KerasArchitecture& keras) {
    std::vector<WeightRow> rows;
    for (const auto& layer : keras.weights) {
        for (const auto& row : layer.weights) {
            if (row.trained) rows.push_back(row);
        }
    }
    return rows;
}

// Keras 2 may name them ".../m/...", ".../kernel/m:0"; Keras 3 "..._momentum". -1: neither.
int moment_of(const std::string& name) {
    const auto has = [&](std::string_view part) { return name.find(part) != std::string::npos; };
    const auto ends = [&](std::string_view part) { return name.ends_with(part); };
    if (ends("_momentum") || has("/m/") || ends("/m:0") || ends("/momentum:0")) return 0;
    if (ends("_velocity") || has("/v/") || ends("/v:0")) return 1;
    return -1;
}

std::optional<OptimizerState> read_optimizer(const Hdf5Reader& file, const KerasArchitecture& keras) {
    const auto config = file.text("", "training_config");
    if (!config || !file.has(kOptimizer)) return std::nullopt;
    const auto spec = optimizer_of_training_config(*config);
    const auto names = file.texts(kOptimizer, "weight_names");
    if (!spec || !names || names->empty()) return std::nullopt;
    const auto count = static_cast<std::size_t>(moment_count(*spec));
    std::vector<std::vector<std::string>> paths(count);
    OptimizerState state{.spec = *spec, .step = 0, .moments = {}};
    for (const auto& name : *names) {
        const std::string path = std::string(kOptimizer) + "/" + name;
        const int moment = moment_of(name);
        if (name.find("iter") != std::string::npos) {
            const double step = file.scalar(path);
            require(step >= 0 && step < 9e15, "the optimiser has done {} steps", step);
            state.step = static_cast<std::uint64_t>(step);
        } else if (moment >= 0 && static_cast<std::size_t>(moment) < count) {
            paths[static_cast<std::size_t>(moment)].push_back(path);
        }
    }
    const auto rows = trained_rows(keras);
    for (const auto& list : paths) {
        // Layers that were frozen have no moments: not a state to go on from.
        if (list.size() != rows.size()) return std::nullopt;
        auto& moments = state.moments.emplace_back();
        for (std::size_t i = 0; i < rows.size(); ++i)
            moments.push_back({rows[i].name, rows[i].shape, file.dataset(list[i], rows[i].shape).values});
    }
    return state;
}

}  // namespace

std::string to_keras_h5(const Network& network, const std::string& note) {
    const KerasArchitecture keras = to_keras(network.model, network.input, network.classes);
    Hdf5Writer file;
    file.text("", "keras_version", "2.15.0");
    file.text("", "backend", "tensorflow");
    file.text("", "model_config", keras.json);
    if (!note.empty()) file.text("", kNote, note);
    write_weights(file, keras, network);
    if (network.optimizer) write_optimizer(file, keras, *network.optimizer);
    return file.bytes();
}

KerasFile read_keras_h5(std::string_view bytes) {
    const Hdf5Reader file(bytes);
    const auto config = file.text("", "model_config");
    require(config.has_value(), "the file holds weights, but no description of their network (model_config)");
    const KerasArchitecture keras = from_keras(*config);
    KerasFile read;
    read.note = file.text("", kNote);
    const auto rows = weight_rows(keras.model, keras.input, keras.classes);
    read.network = {.model = keras.model,
                    .input = keras.input,
                    .classes = keras.classes,
                    .weights = matched_weights(read_weights_of(file, keras), rows),
                    .optimizer = read_optimizer(file, keras)};
    return read;
}

}  // namespace kickdrum
