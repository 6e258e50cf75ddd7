// SPDX-License-Identifier: MIT
// The inner loops of the weight gradient of a 3x3 convolution that is followed by ReLU and 2x2 max-pooling,
// compiled once per instruction set. Only the winner of a window has a gradient, and none where ReLU is dead:
// each adds its gradient times the nine pixels under it, 9 c products instead of the 36 c of four outputs.
#pragma once

#include <cstddef>
#include <cstdint>

namespace kickdrum {

enum class SimdLevel;

struct WinnerGradient {
    const float* src = nullptr;  // NHWC
    int src_h = 0, src_w = 0, channels_in = 0;
    int before = 0;  // rows and columns of zeros before the first of the image: 0 or 1
    const float* diff_dst = nullptr;
    const std::uint8_t* winner = nullptr;
    int dst_h = 0, dst_w = 0, channels_out = 0;  // pooled
    std::int64_t first_clip = 0, last_clip = 0;
    // Out: [slices of `lanes` of c][k][9][lanes], which is weight_floats(), then the bias gradient [k].
    float* sums = nullptr;
    float* scratch = nullptr;
};

struct WinnerKernels {
    std::size_t (*weight_floats)(int channels_in, int channels_out);
    std::size_t (*scratch_floats)(int channels_in, int channels_out);
    void (*gradient)(const WinnerGradient& gradient);
};

const WinnerKernels& winner_kernels(SimdLevel level);

}  // namespace kickdrum
