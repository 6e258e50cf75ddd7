// SPDX-License-Identifier: MIT
// A network with its weights on the host, bound to no device: what a file of a model holds, whatever its
// format.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "nn/model/model_spec.h"
#include "nn/model/parameter_store.h"
#include "nn/training/training_spec.h"

namespace kickdrum {

struct NamedWeights {
    std::string name;  // "conv2d_1/kernel"
    Shape shape;       // of a convolution: HWIO, on every device
    std::vector<float> values;
};

// An optimiser as it stands after `step` steps. One list of moments for each that it keeps (Adam: of the
// gradients, of their squares; SGD: the velocity), with the names and shapes of the trained weights.
struct OptimizerState {
    OptimizerSpec spec;
    std::uint64_t step = 0;
    std::vector<std::vector<NamedWeights>> moments;
};

struct Network {
    ModelSpec model;
    Shape input;  // [1, height, width, channels]
    int classes = 0;
    std::vector<NamedWeights> weights;  // in the order of the layers
    std::optional<OptimizerState> optimizer;
};

// The weights that the network has, in the order of its layers. Throws ModelError as describe_model().
std::vector<WeightRow> weight_rows(const ModelSpec& model, const Shape& input, int classes);

// The given weights, which may stand in any order, in the order of `rows`. Throws InvalidArgument where one
// is missing, left over, of another shape (both are named) or not of as many values.
std::vector<NamedWeights> matched_weights(std::vector<NamedWeights> given, std::span<const WeightRow> rows);

// From and to the memory of a device.
std::vector<NamedWeights> read_weights(const ParameterStore& parameters);
// Throws as matched_weights(), and changes nothing then.
void write_weights(std::span<const NamedWeights> weights, ParameterStore& parameters);

}  // namespace kickdrum
