// SPDX-License-Identifier: MIT
// How a device keeps the weights of convolutions. Their logical shape is HWIO [height, width, in, out] everywhere: in
// files, initialisers and messages. The CPU keeps them so; CUDA keeps them OHWI [out, height, width, in], which cuDNN's
// fast algorithms take. Optimisers and snapshots work element by element and needn't know.
#pragma once

#include <span>

#include "kernels/device/tensor.h"

namespace kickdrum {

// Whether the device keeps convolution weights as OHWI.
constexpr bool keeps_ohwi(Device device) {
    return device == Device::cuda;
}

// dst = the same weights in the other layout; hwio is the logical shape. Throws InvalidArgument where sizes don't fit.
void hwio_to_ohwi(const Shape& hwio, std::span<const float> src, std::span<float> dst);
void ohwi_to_hwio(const Shape& hwio, std::span<const float> src, std::span<float> dst);

}  // namespace kickdrum
