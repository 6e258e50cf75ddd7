// SPDX-License-Identifier: MIT
#include "dsp/resize_area.h"

#include <cstddef>

#include "dsp/resize_taps.h"
#include "kernels/device/error.h"

namespace kickdrum {

void resize_area(std::span<const float> src, int rows, int columns, std::span<float> dst, int height,
                 int width) {
    require(rows >= 1 && columns >= 1 && height >= 1 && width >= 1,
            "resize_area: sides must be at least 1, got {} x {} to {} x {}", rows, columns, height, width);
    const auto pixels = [](int a, int b) {
        return static_cast<std::size_t>(a) * static_cast<std::size_t>(b);
    };
    require(src.size() == pixels(rows, columns) && dst.size() == pixels(height, width),
            "resize_area: {} x {} to {} x {} can't be {} numbers to {}", rows, columns, height, width,
            src.size(), dst.size());
    const bool area = height <= rows && width <= columns;
    const auto side = area ? area_side : linear_side;
    resize_by_taps(src, columns, side(rows, height), side(columns, width), dst);
}

}  // namespace kickdrum
