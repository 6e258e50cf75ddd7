// SPDX-License-Identifier: MIT
#include "kernels/ops/weights_layout.h"

namespace kickdrum {
namespace {

// Calls visit(index in HWIO, index in OHWI) for every weight.
template <class Visit>
void each_weight(const Shape& hwio, std::span<const float> src, std::span<const float> dst,
                 const Visit& visit) {
    require(hwio.rank() == 4, "convolution weights have 4 axes, not {}", hwio.rank());
    const auto count = static_cast<std::size_t>(hwio.count());
    require(src.size() == count && dst.size() == count, "weights of shape {} have {} values, not {} and {}",
            to_string(hwio), count, src.size(), dst.size());
    const auto channels_out = static_cast<std::size_t>(hwio[3]);
    const std::size_t taps = count / channels_out;
    for (std::size_t tap = 0; tap < taps; ++tap) {
        for (std::size_t k = 0; k < channels_out; ++k) visit(tap * channels_out + k, k * taps + tap);
    }
}

}  // namespace

void hwio_to_ohwi(const Shape& hwio, std::span<const float> src, std::span<float> dst) {
    each_weight(hwio, src, dst,
                [&](std::size_t in_hwio, std::size_t in_ohwi) { dst[in_ohwi] = src[in_hwio]; });
}

void ohwi_to_hwio(const Shape& hwio, std::span<const float> src, std::span<float> dst) {
    each_weight(hwio, src, dst,
                [&](std::size_t in_hwio, std::size_t in_ohwi) { dst[in_hwio] = src[in_ohwi]; });
}

}  // namespace kickdrum
