// SPDX-License-Identifier: MIT
// Padding and output extents of windows (convolution, pooling), by TensorFlow's and Keras' rules.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

namespace kickdrum {

struct Extent2d {
    int h = 1;
    int w = 1;
    friend bool operator==(const Extent2d&, const Extent2d&) = default;
};

enum class Padding { valid, same };
constexpr std::string_view to_string(Padding padding) {
    return padding == Padding::same ? "same" : "valid";
}

struct WindowExtent {
    std::int64_t out = 0;     // may be <= 0: the window doesn't fit
    std::int64_t before = 0;  // zero rows before the first; any after the last follow from out
};

// One axis. valid: out = floor((n - ((k - 1) d + 1)) / s) + 1, no padding.
// same: out = ceil(n / s), total = max((out - 1) s + (k - 1) d + 1 - n, 0), before = floor(total / 2): the extra row
// goes to the bottom or right.
constexpr WindowExtent window_extent(std::int64_t n, int kernel, int stride, int dilation, Padding padding) {
    const std::int64_t span = std::int64_t{kernel - 1} * dilation + 1;
    if (padding == Padding::valid) return {n < span ? 0 : (n - span) / stride + 1, 0};
    const std::int64_t out = (n + stride - 1) / stride;
    return {out, std::max<std::int64_t>((out - 1) * stride + span - n, 0) / 2};
}

}  // namespace kickdrum
