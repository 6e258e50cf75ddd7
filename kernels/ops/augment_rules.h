// SPDX-License-Identifier: MIT
// What both halves of kernels/ops/augment.h compute for one element, given what its row drew.
#pragma once

#include <cmath>
#include <cstdint>

#include "kernels/ops/augment_draws.h"

namespace kickdrum {

// What is added to all elements of band h in channel 0.
KICKDRUM_HOST_DEVICE inline float band_shift(const AugmentView& view, const AugmentRow& row, std::int32_t h) {
    if (view.spec.equalizer == 0) return row.gain;
    if (view.height == 1) return row.gain + row.equalizer[0];
    const std::int32_t place = h * (view.spec.equalizer_points - 1);
    const std::int32_t below = place / (view.height - 1);
    const std::int32_t rest = place % (view.height - 1);
    if (rest == 0) return row.gain + row.equalizer[below];
    const float fraction = static_cast<float>(rest) / static_cast<float>(view.height - 1);
    return row.gain + fmaf(fraction, row.equalizer[below + 1] - row.equalizer[below], row.equalizer[below]);
}

KICKDRUM_HOST_DEVICE inline bool is_band_masked(const AugmentView& view, const AugmentRow& row,
                                                std::int32_t h) {
    for (int i = 0; i < view.spec.frequency_masks; ++i) {
        if (h >= row.frequency_begin[i] && h < row.frequency_end[i]) return true;
    }
    return false;
}

KICKDRUM_HOST_DEVICE inline bool is_frame_masked(const AugmentView& view, const AugmentRow& row,
                                                 std::int32_t w) {
    for (int i = 0; i < view.spec.time_masks; ++i) {
        if (w >= row.time_begin[i] && w < row.time_end[i]) return true;
    }
    return false;
}

// The stored value, standardised, plus `shift`.
KICKDRUM_HOST_DEVICE inline float stored_value(const AugmentView& view, std::int32_t clip, std::int32_t h,
                                               std::int32_t frame, std::int32_t c, float shift) {
    const std::int64_t band = std::int64_t{h} * view.channels + c;
    const float x =
        view.inputs[((std::int64_t{clip} * view.height + h) * view.stored_width + frame) * view.channels + c];
    return view.mean == nullptr ? x + shift : fmaf(x - view.mean[band], view.scale[band], shift);
}

// A(number)[h, w, c]; `shift` is band_shift's.
KICKDRUM_HOST_DEVICE inline float augmented_value(const AugmentView& view, const AugmentRow& row,
                                                  std::int32_t number, std::uint64_t step, std::int32_t h,
                                                  std::int32_t w, std::int32_t c, float shift) {
    std::int32_t frame = w + row.offset;
    if (frame >= view.stored_width) frame -= view.stored_width;
    const float value = stored_value(view, row.clip, h, frame, c, c == 0 ? shift : 0);
    if (view.spec.noise == 0) return value;
    const std::uint64_t element =
        ((static_cast<std::uint64_t>(number) * static_cast<std::uint64_t>(view.height) +
          static_cast<std::uint64_t>(h)) *
             static_cast<std::uint64_t>(view.width) +
         static_cast<std::uint64_t>(w)) *
            static_cast<std::uint64_t>(view.channels) +
        static_cast<std::uint64_t>(c);
    const Philox4 words = philox(view.noise_stream, element / 2, step);
    const bool odd = element % 2 != 0;
    return fmaf(view.spec.noise, rough_normal(odd ? words[2] : words[0], odd ? words[3] : words[1]), value);
}

}  // namespace kickdrum
