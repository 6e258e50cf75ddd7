// SPDX-License-Identifier: MIT
#include "nn/formats/keras_words.h"

namespace kickdrum {

std::string_view keras_word(Activation function) {
    return function == Activation::silu ? "swish" : to_string(function);
}

std::string_view keras_word(Initializer initializer) {
    switch (initializer) {
        case Initializer::zeros: return "Zeros";
        case Initializer::ones: return "Ones";
        case Initializer::glorot_uniform: return "GlorotUniform";
        case Initializer::glorot_normal: return "GlorotNormal";
        case Initializer::he_uniform: return "HeUniform";
        case Initializer::he_normal: return "HeNormal";
        case Initializer::lecun_uniform: return "LecunUniform";
        case Initializer::lecun_normal: return "LecunNormal";
        case Initializer::fan_in_uniform: return "VarianceScaling";
    }
    return "?";
}

std::optional<Activation> activation_of(std::string_view word) {
    if (word == "swish") return Activation::silu;
    for (const auto one : all_activations()) {
        if (to_string(one) == word) return one;
    }
    return std::nullopt;
}

std::optional<Initializer> initializer_of(std::string_view word) {
    for (const auto one : all_initializers()) {
        if (keras_word(one) == word || to_string(one) == word) return one;
    }
    return std::nullopt;
}

}  // namespace kickdrum
