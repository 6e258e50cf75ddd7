// SPDX-License-Identifier: MIT
// Small networks and data for the tests of nn.
#pragma once

#include <cmath>
#include <cstdint>
#include <memory>
#include <numeric>
#include <vector>

#include "nn/training/fit.h"
#include "tests/support/test_tensor.h"

namespace kickdrum {

// Clips of a few classes that a network can learn: class k has a bright band at rows 2k and 2k + 1, over
// noise.
struct SmallData {
    SmallData(Context& context, int clips, int side, int classes)
        : inputs(context, {clips, side, side, 1}),
          labels(static_cast<std::size_t>(clips)),
          indices(labels.size()) {
        std::vector<float> values = inputs.randomize("small data", 0.3F).values();
        const std::int64_t image = std::int64_t{side} * side;
        for (int clip = 0; clip < clips; ++clip) {
            const int label = clip * 7 % classes;
            labels[static_cast<std::size_t>(clip)] = label;
            for (std::int64_t i = 2 * label * side; i < (2 * label + 2) * side; ++i) {
                values[static_cast<std::size_t>(clip * image + i)] += 1;
            }
        }
        inputs.assign(values);
        std::iota(indices.begin(), indices.end(), 0);
        dataset = {.inputs = inputs, .labels = labels, .classes = classes};
    }

    TestTensor inputs;
    std::vector<int> labels;
    std::vector<std::int32_t> indices;
    Dataset dataset;
};

inline LayerSpec softmax_layer() {
    return {.kind = DenseLayerSpec{.softmax = true}};
}

inline ModelSpec small_cnn() {
    const auto conv = [](int filters, Padding padding) {
        return LayerSpec{
            .kind = Conv2dLayerSpec{.filters = filters, .padding = padding, .activation = Activation::relu}};
    };
    return {conv(8, Padding::same),
            {.kind = Pool2dLayerSpec{}},
            conv(16, Padding::valid),
            {.kind = Pool2dLayerSpec{}},
            {.kind = FlattenLayerSpec{}},
            {.kind = DenseLayerSpec{.units = 12, .activation = Activation::relu}},
            {.kind = DropoutLayerSpec{.rate = 0.25}},
            softmax_layer()};
}

// A residual network with every kind of branch: batch-norm, strides, an identity and a projected shortcut.
inline ModelSpec small_resnet() {
    const auto conv = [](int filters, int kernel, int stride) {
        return LayerSpec{.kind = Conv2dLayerSpec{.filters = filters,
                                                 .kernel = {kernel, kernel},
                                                 .strides = {stride, stride},
                                                 .padding = Padding::same,
                                                 .use_bias = false}};
    };
    const LayerSpec norm{.kind = BatchNormLayerSpec{.momentum = 0.9}};
    const LayerSpec relu{.kind = ActivationLayerSpec{Activation::relu}};
    return {
        conv(6, 5, 2),
        norm,
        relu,
        {.kind = ResidualLayerSpec{.body = {conv(6, 3, 1), norm, relu, conv(6, 3, 1), relu}, .shortcut = {}}},
        {.kind = ResidualLayerSpec{.body = {conv(10, 3, 2), norm, relu, conv(10, 3, 1), norm},
                                   .shortcut = {{.kind = Pool2dLayerSpec{.kind = PoolKind::average,
                                                                         .padding = Padding::same}},
                                                conv(10, 1, 1),
                                                norm}}},
        {.kind = GlobalPool2dLayerSpec{}},
        {.kind = DropoutLayerSpec{.rate = 0.2}},
        softmax_layer()};
}

inline std::vector<float> weights_of(const ParameterStore& parameters) {
    std::vector<float> all;
    for (const auto& parameter : parameters.parameters()) {
        const std::vector<float> values = parameters.read(parameter);
        all.insert(all.end(), values.begin(), values.end());
    }
    return all;
}

}  // namespace kickdrum
