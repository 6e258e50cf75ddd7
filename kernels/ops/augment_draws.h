// SPDX-License-Identifier: MIT
// What a row of kernels/ops/augment.h draws; both halves share it.
#pragma once

#include <cstdint>

#include "kernels/device/philox.h"
#include "kernels/device/step_state.h"
#include "kernels/ops/augment.h"

namespace kickdrum {

constexpr int kMixupShares = 1024;

// What a row drew.
struct AugmentRow {
    std::int32_t clip;
    std::int32_t offset;   // frames
    std::int32_t partner;  // a row; itself: none
    float share;
    float gain;
    std::int32_t frequency_begin[kMostMasks], frequency_end[kMostMasks];
    std::int32_t time_begin[kMostMasks], time_end[kMostMasks];
    float equalizer[kMostEqualizerPoints];
};

// A plan as kernels see it: pointers into the device's memory.
struct AugmentView {
    AugmentSpec spec;
    RandomStream stream, noise_stream;
    std::int32_t clips, height, stored_width, width, channels;
    const float* inputs;
    const float* mean;  // null: not standardised
    const float* scale;
    const float* shares;  // [kMixupShares]; null: no mixup
};

// A sum of four uniform numbers of 16 bits, with mean 0 and standard deviation 1.
KICKDRUM_HOST_DEVICE inline float rough_normal(std::uint32_t a, std::uint32_t b) {
    const std::uint32_t sum = (a & 0xFFFFU) + (a >> 16U) + (b & 0xFFFFU) + (b >> 16U);
    constexpr float kPerUnit = 2.6428998e-5F;  // sqrt(12 / (4 (2^32 - 1)))
    return static_cast<float>(static_cast<std::int32_t>(sum) - 131070) * kPerUnit;
}

// The draws of a row: philox at position row * kDraws + n.
class RowDraws {
 public:
    KICKDRUM_HOST_DEVICE RowDraws(RandomStream stream, std::uint64_t row, std::uint64_t step)
        : stream_(stream), position_(row * kDraws), step_(step) {}

    KICKDRUM_HOST_DEVICE Philox4 at(int n) const {
        return philox(stream_, position_ + static_cast<std::uint64_t>(n), step_);
    }

    static constexpr int kOffsetAndGain = 0;
    static constexpr int kShare = 1;
    static constexpr int kMasks = 2;                                      // one for each pair of masks
    static constexpr int kEqualizer = kMasks + kMostMasks;                // one for each pair of points
    static constexpr int kBatch = kEqualizer + kMostEqualizerPoints / 2;  // of row 0: for all rows
    static constexpr std::uint64_t kDraws = 64;
    static_assert(kBatch < 64);

 private:
    RandomStream stream_;
    std::uint64_t position_;
    std::uint64_t step_;
};

KICKDRUM_HOST_DEVICE inline void draw_mask(std::uint32_t width_bits, std::uint32_t begin_bits, int largest,
                                           int size, std::int32_t& begin, std::int32_t& end) {
    const auto width =
        static_cast<std::int32_t>(uniform_below(width_bits, static_cast<std::uint32_t>(largest) + 1));
    begin =
        static_cast<std::int32_t>(uniform_below(begin_bits, static_cast<std::uint32_t>(size - width) + 1));
    end = begin + width;
}

// How far on the partner of every row of a batch is; 0: no mixup in this batch. `rows` of it aren't padding.
KICKDRUM_HOST_DEVICE inline std::int32_t partner_distance(const AugmentView& view, std::int32_t rows,
                                                          std::uint64_t step) {
    if (view.shares == nullptr || rows < 2) return 0;
    const Philox4 words = RowDraws(view.stream, 0, step).at(RowDraws::kBatch);
    if (!(uniform01(words[0]) < view.spec.mixup_share)) return 0;
    return 1 + static_cast<std::int32_t>(uniform_below(words[1], static_cast<std::uint32_t>(rows) - 1));
}

// Straight into memory: a copy in registers would be too large for a GPU.
KICKDRUM_HOST_DEVICE inline void draw_row(const AugmentView& view, std::int32_t clip, std::int32_t row,
                                          const StepState& state, AugmentRow& drawn) {
    const AugmentSpec& spec = view.spec;
    const RowDraws draws(view.stream, static_cast<std::uint64_t>(row), state.step);
    drawn.clip = clip;
    const Philox4 first = draws.at(RowDraws::kOffsetAndGain);
    const std::int32_t places = spec.roll ? view.stored_width : view.stored_width - view.width + 1;
    drawn.offset = static_cast<std::int32_t>(uniform_below(first[0], static_cast<std::uint32_t>(places)));
    drawn.gain = spec.gain * rough_normal(first[1], first[2]);
    drawn.partner = row;
    drawn.share = 1;
    const std::int32_t distance = row < state.rows ? partner_distance(view, state.rows, state.step) : 0;
    if (distance > 0) {
        drawn.partner = (row + distance) % state.rows;
        drawn.share = view.shares[uniform_below(draws.at(RowDraws::kShare)[0], kMixupShares)];
    }
    for (int i = 0; i < kMostMasks; ++i) {
        const Philox4 words = draws.at(RowDraws::kMasks + i);
        drawn.frequency_begin[i] = drawn.frequency_end[i] = drawn.time_begin[i] = drawn.time_end[i] = 0;
        if (i < spec.frequency_masks) {
            draw_mask(words[0], words[1], spec.frequency_mask, view.height, drawn.frequency_begin[i],
                      drawn.frequency_end[i]);
        }
        if (i < spec.time_masks) {
            draw_mask(words[2], words[3], spec.time_mask, view.width, drawn.time_begin[i], drawn.time_end[i]);
        }
    }
    for (int i = 0; i < kMostEqualizerPoints; i += 2) {
        const Philox4 words = draws.at(RowDraws::kEqualizer + i / 2);
        drawn.equalizer[i] = spec.equalizer * rough_normal(words[0], words[1]);
        drawn.equalizer[i + 1] = spec.equalizer * rough_normal(words[2], words[3]);
    }
}

}  // namespace kickdrum
