// SPDX-License-Identifier: MIT
// Initial weights, by Keras' rules. Fans: dense [in, out]: in, out; conv HWIO: kh*kw*cin, kh*kw*cout; rank 1: n, n.
//   glorot_uniform U(-L, L), L = sqrt(6 / (fan_in + fan_out));  he_uniform L = sqrt(6 / fan_in);
//   lecun_uniform  L = sqrt(3 / fan_in);  *_normal: truncated at two deviations, of variance 2 / (fan_in + fan_out),
//   2 / fan_in, 1 / fan_in after truncation.
// And PyTorch's default for convolutions, dense layers and their biases:
//   fan_in_uniform U(-L, L), L = sqrt(1 / fan_in); of a bias, the fan of its layer's kernel.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "kernels/device/philox.h"
#include "kernels/device/tensor.h"

namespace kickdrum {

enum class Initializer {
    zeros,
    ones,
    glorot_uniform,
    glorot_normal,
    he_uniform,
    he_normal,
    lecun_uniform,
    lecun_normal,
    fan_in_uniform,
};

std::string_view to_string(Initializer initializer);
std::span<const Initializer> all_initializers();

// Fills dst (shape.count() values): a pure function of (initializer, shape, stream, fan_in).
// fan_in: instead of the shape's; 0: the shape's.
void initialize(Initializer initializer, const Shape& shape, RandomStream stream, std::span<float> dst,
                std::int64_t fan_in = 0);

// The fan_in of a layer with a kernel of this shape: [in, out] or HWIO.
std::int64_t fan_in_of(const Shape& kernel);

}  // namespace kickdrum
