// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace kickdrum {

// A feature over time: [rows, frames], as librosa lays it out.
struct FrameMatrix {
    FrameMatrix() = default;
    FrameMatrix(int row_count, std::int64_t frame_count)
        : rows(row_count), frames(frame_count), values(static_cast<std::size_t>(row_count * frame_count)) {}

    int rows = 0;
    std::int64_t frames = 0;
    std::vector<float> values;

    std::span<float> row(int r) {
        return std::span(values).subspan(static_cast<std::size_t>(r * frames),
                                         static_cast<std::size_t>(frames));
    }
    std::span<const float> row(int r) const {
        return std::span(values).subspan(static_cast<std::size_t>(r * frames),
                                         static_cast<std::size_t>(frames));
    }
};

}  // namespace kickdrum
