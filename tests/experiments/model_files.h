// SPDX-License-Identifier: MIT
// Small models for the tests of files.
#pragma once

#include <string>

#include "experiments/models/model_description.h"
#include "kernels/device/philox.h"

namespace kickdrum {

// Weights from Philox by their names; variances are positive.
inline void fill_weights(Network& network) {
    network.weights.clear();
    for (const auto& row : weight_rows(network.model, network.input, network.classes)) {
        NamedWeights weights{.name = row.name, .shape = row.shape, .values = {}};
        const RandomStream stream = random_stream(7, row.name);
        for (std::int64_t i = 0; i < row.shape.count(); ++i) {
            const float uniform = uniform01(philox(stream, static_cast<std::uint64_t>(i))[0]);
            weights.values.push_back(row.name.ends_with("variance") ? 0.5F + uniform : uniform - 0.5F);
        }
        network.weights.push_back(std::move(weights));
    }
}

inline ModelFile model_with(const std::string& layers) {
    ModelFile model;
    read_description(
        "classes: [\"80s, late\", tekno, \"true\"]\n"
        "clip: [16, 12, 1]\n"
        "features: {n_fft: 256, hop_length: 128, n_mels: 16, size: [16, 12]}\n"
        "model:\n" +
            layers,
        model);
    fill_weights(model.network);
    return model;
}

inline ModelFile plain_model() {
    return model_with(R"(
  - conv2d: {filters: 4, kernel: 3, padding: same, activation: relu}
  - max_pool2d: {size: 2}
  - flatten
  - dense: {units: 6, activation: relu}
  - dropout: {rate: 0.5}
  - dense: {units: classes, activation: softmax}
)");
}

// Yes or no to each class.
inline ModelFile sets_model() {
    return model_with(R"(
  - flatten
  - dense: {units: classes, activation: sigmoid}
)");
}

inline ModelFile every_layer_model() {
    ModelFile model = model_with(R"(
  - conv2d: {filters: 4, kernel: [3, 5], strides: [1, 2], padding: same, activation: leaky_relu, use_bias: false, kernel_initializer: he_normal}
  - batch_norm: {momentum: 0.9, epsilon: 1e-5}
  - activation: gelu
  - max_pool2d: {size: [2, 3], strides: 2, padding: same}
  - residual:
      body:
        - conv2d: {filters: 5, kernel: 3, padding: same, dilation: 2}
        - residual: {body: [batch_norm], activation: linear}
      shortcut: [conv2d: {filters: 5, kernel: 1}]
      activation: relu
  - average_pool2d: {size: 2, strides: 1, padding: same}
  - conv2d: {filters: 6, kernel: 2, strides: 2, padding: same, activation: tanh}
  - global_max_pool2d
  - dropout: 0.25
  - dense: {units: 7, activation: silu}
  - dense: {units: 3, activation: softmax, use_bias: false}
)");
    for (int band = 0; band < 16; ++band) {
        model.bands.mean.push_back(0.1F * static_cast<float>(band));
        model.bands.scale.push_back(1 + 0.01F * static_cast<float>(band));
    }
    return model;
}

}  // namespace kickdrum
