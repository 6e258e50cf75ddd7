// SPDX-License-Identifier: MIT
// Resizing an image along its two sides, one after the other: every pixel of the result is a weighted sum of
// neighbouring pixels of the source.
#pragma once

#include <span>
#include <vector>

namespace kickdrum {

// A pixel of the result along one side: the source's pixels from `first` on, times `weights`.
struct ResizeTaps {
    int first = 0;
    std::vector<float> weights;
};
using ResizeSide = std::vector<ResizeTaps>;

// `source` pixels to `size` as OpenCV's INTER_AREA does: means over areas (size <= source), and the linear
// interpolation with coordinates of its own that takes their place where a side of the image grows.
ResizeSide area_side(int source, int size);
ResizeSide linear_side(int source, int size);

// Means over areas of source pixels of unequal size: pixel i lies between borders[i] and borders[i + 1],
// ascending; the result's pixels divide the whole evenly.
ResizeSide uneven_side(std::span<const double> borders, int size);

// src: [vertical's source, columns]; dst: [vertical.size(), horizontal.size()].
void resize_by_taps(std::span<const float> src, int columns, const ResizeSide& vertical,
                    const ResizeSide& horizontal, std::span<float> dst);

}  // namespace kickdrum
