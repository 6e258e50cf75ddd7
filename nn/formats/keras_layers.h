// SPDX-License-Identifier: MIT
// One layer of Keras as one of ours. Takes nlohmann's JSON: for keras_*.cpp only.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "nn/model/model_spec.h"

namespace kickdrum {

struct KerasLayer {
    std::string name;
    decltype(LayerSpec::kind) kind;
    bool softmax = false;  // an activation of its own; `kind` means nothing then
};

// Nothing where the layer does nothing (input, identity). Throws InvalidArgument, with the layer's name,
// where we have no such layer, or not with these options.
std::optional<KerasLayer> keras_layer(const std::string& name, const std::string& type,
                                      const nlohmann::ordered_json& config);

}  // namespace kickdrum
