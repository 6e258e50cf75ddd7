// SPDX-License-Identifier: MIT
// The elementwise functions that activation.h computes, by name: an enumeration alone, for whoever needs no
// more.
#pragma once

namespace kickdrum {

enum class Activation {
    linear,      // x
    relu,        // max(x, 0); gradient 0 at 0
    leaky_relu,  // x > 0 ? x : 0.2 x           (Keras 3's slope)
    elu,         // x > 0 ? x : exp(x) - 1
    selu,        // 1.0507... * (x > 0 ? x : 1.6733... * (exp(x) - 1))
    gelu,        // x / 2 * (1 + erf(x / sqrt 2))
    silu,        // x / (1 + exp(-x))
    sigmoid,     // 1 / (1 + exp(-x))
    tanh,
    softplus,  // log(1 + exp(x))
};

}  // namespace kickdrum
