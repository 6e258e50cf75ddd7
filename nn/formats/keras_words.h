// SPDX-License-Identifier: MIT
// Keras' words for functions and initialisers. Written ones are known to Keras 2 and 3.
#pragma once

#include <optional>
#include <string_view>

#include "kernels/ops/activation.h"
#include "nn/model/initializer.h"

namespace kickdrum {

constexpr double kLeakySlope = 0.2;  // of our leaky_relu; Keras' layer has another default

std::string_view keras_word(Activation function);
std::string_view keras_word(Initializer initializer);
std::optional<Activation> activation_of(std::string_view word);
// Of a class name or a function's; unknown ones don't matter to a trained model: nothing.
std::optional<Initializer> initializer_of(std::string_view word);

}  // namespace kickdrum
