// SPDX-License-Identifier: MIT
// From the description of a network to its layers. A 3x3 convolution with ReLU that is followed by 2x2 max-pooling
// becomes one fused layer; the final softmax isn't a layer but part of the loss.
#pragma once

#include <memory>

#include "nn/layers/sequential.h"
#include "nn/model/model_spec.h"

namespace kickdrum {

// The layers up to the logits. `classes` is what `units: classes` means. The description must have passed
// describe_model().
std::unique_ptr<Sequential> build_model(const ModelSpec& model, int classes);

}  // namespace kickdrum
