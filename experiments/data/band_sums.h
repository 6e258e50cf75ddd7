// SPDX-License-Identifier: MIT
// Per-band standardisation: means and deviations of the bands of pictures, over any part of the clips.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/device/tensor.h"
#include "kernels/ops/augment.h"

namespace kickdrum {

class BandSums {
 public:
    // images: [clips, height, width, channels]; clip: [1, height, width, channels]. Only sums are kept.
    BandSums(std::span<const float> images, const Shape& clip);

    // Over the frames of these clips, by [height, channels]: the mean, and 1 / (deviation + 0.001), so that a
    // band that is silent everywhere stays finite.
    BandStatistics statistics(std::span<const std::int32_t> clips) const;

 private:
    struct Sums {
        double values = 0;
        double squares = 0;
    };
    std::size_t bands_;
    double frames_;
    std::vector<Sums> sums_;  // [clips, height, channels]
};

}  // namespace kickdrum
