// SPDX-License-Identifier: MIT
#include "dsp/features/level.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "kernels/device/error.h"

namespace kickdrum {

namespace {

// What one hop of samples holds.
struct Block {
    float squares = 0;
    int crossings = 0;
    int first = 0;  // of which: at its first sample
};

std::vector<Block> blocks_of(std::span<const float> samples, int hop, const SpectralKernels& kernels) {
    const auto size = static_cast<std::int64_t>(samples.size());
    std::vector<Block> blocks;
    for (std::int64_t begin = 0; begin < size; begin += hop) {
        const int count = static_cast<int>(std::min<std::int64_t>(hop, size - begin));
        Block& block = blocks.emplace_back();
        if (begin > 0) {
            float unused = 0;
            kernels.level(samples.data() + begin, 1, &unused, &block.first);
            kernels.level(samples.data() + begin, count, &block.squares, &block.crossings);
        } else {
            kernels.level(samples.data() + 1, count - 1, &block.squares, &block.crossings);
            block.squares += samples[0] * samples[0];
        }
    }
    return blocks;
}

}  // namespace

void frame_levels(std::span<const float> samples, int frame_length, int hop_length,
                  const SpectralKernels& kernels, std::span<float> rms, std::span<float> crossings) {
    require(frame_length / 2 % hop_length == 0, "levels: a hop of {} doesn't divide half a frame of {}",
            hop_length, frame_length);
    const std::vector<Block> blocks = blocks_of(samples, hop_length, kernels);
    const auto count = static_cast<std::int64_t>(blocks.size());
    const std::int64_t half = frame_length / 2 / hop_length;
    for (std::int64_t t = 0; t < static_cast<std::int64_t>(rms.size()); ++t) {
        const std::int64_t first = std::max<std::int64_t>(0, t - half);
        float squares = 0;
        int changes = 0;
        for (std::int64_t b = first; b < std::min(count, t + half); ++b) {
            squares += blocks[static_cast<std::size_t>(b)].squares;
            changes += blocks[static_cast<std::size_t>(b)].crossings;
        }
        // Within the frame: not between its first sample and the one before.
        if (first == t - half && first < count) changes -= blocks[static_cast<std::size_t>(first)].first;
        const auto place = static_cast<std::size_t>(t);
        rms[place] = std::sqrt(squares / static_cast<float>(frame_length));
        crossings[place] = static_cast<float>(changes) / static_cast<float>(frame_length);
    }
}

}  // namespace kickdrum
