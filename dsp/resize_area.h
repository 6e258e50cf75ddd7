// SPDX-License-Identifier: MIT
#pragma once

#include <span>

namespace kickdrum {

// Resizes an image [rows, columns] to [height, width] as OpenCV's cv2.resize(..., INTER_AREA) does with
// floats. Where neither side grows, a pixel is the mean of the source over its area, pixels at the border
// counting by their share (shares below 1/1000 of a pixel are dropped, as there). Where a side grows, both
// are interpolated linearly, at coordinates that repeat whole pixels and blend only at their borders. Throws
// InvalidArgument where a side is below 1 or a span has another size.
void resize_area(std::span<const float> src, int rows, int columns, std::span<float> dst, int height,
                 int width);

}  // namespace kickdrum
