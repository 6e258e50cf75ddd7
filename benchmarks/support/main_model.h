// SPDX-License-Identifier: MIT
// The main network of the published system: [conv 3x3 same + ReLU, max-pool 2] x (32, 64, 128), dense 256,
// dense 5.
#pragma once

#include "nn/model/model_spec.h"

namespace kickdrum {

constexpr int kMainModelClasses = 5;

inline ModelSpec main_model(double dropout_rate = 0.5) {
    ModelSpec model;
    for (const int filters : {32, 64, 128}) {
        model.push_back(
            {Conv2dLayerSpec{.filters = filters, .padding = Padding::same, .activation = Activation::relu}});
        model.push_back({Pool2dLayerSpec{.strides = {}}});
    }
    model.push_back({FlattenLayerSpec{}});
    model.push_back({DenseLayerSpec{.units = 256, .activation = Activation::relu}});
    model.push_back({DropoutLayerSpec{.rate = dropout_rate}});
    model.push_back({DenseLayerSpec{.units = DenseLayerSpec::kClasses, .softmax = true}});
    return model;
}

}  // namespace kickdrum
