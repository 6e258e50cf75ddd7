// SPDX-License-Identifier: MIT
// The convolutions that cuDNN has to have plans for.
#pragma once

#include <string>
#include <vector>

#include "kernels/ops/conv2d.h"

namespace kickdrum {

struct ConvCase {
    std::string origin;  // "hard_techno_main.yaml, 256x256, batch 64, conv2d_1"
    Shape src;
    Conv2dSpec spec;
    bool first = false;  // reads the picture: nobody asks for its diff_src
};

// Of every experiment in experiments/configs, with its own size of pictures and others, and several batches.
std::vector<ConvCase> convolutions_of_shipped_configs();

// What layers allow beyond that: residual and wide kernels, strides, dilation, padding that differs on two
// sides, odd numbers of channels, extents of 1.
std::vector<ConvCase> unusual_convolutions();

}  // namespace kickdrum
