// SPDX-License-Identifier: MIT
// A network as Keras describes it: layers of its own, each with the layers that it takes its input from. The
// JSON of `model_config` in .h5 files, and of config.json in .keras files.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "nn/model/network.h"

namespace kickdrum {

// A layer of Keras that has weights, and those of ours that they are, in Keras' order: kernel, bias; gamma,
// beta, moving_mean, moving_variance.
struct KerasWeights {
    std::string layer;  // Keras' name of it
    std::string type;   // "Conv2D"
    std::vector<WeightRow> weights;
};

struct KerasArchitecture {
    std::string json;  // of the model: {"class_name": "Sequential", "config": ...}
    ModelSpec model;
    Shape input;  // [1, height, width, channels]
    int classes = 0;
    // In the order of Keras' Model.layers: that of the weights in files, and of an optimiser's moments.
    std::vector<KerasWeights> weights;
};

// Sequential where the network is a chain of layers, else Functional. Keras 2 and 3 read it.
KerasArchitecture to_keras(const ModelSpec& model, const Shape& input, int classes);

// Reads Sequential and Functional models. Throws InvalidArgument that names the layer which Kickdrum can't
// represent, and why.
KerasArchitecture from_keras(std::string_view json);

}  // namespace kickdrum
