// SPDX-License-Identifier: MIT
#include "dsp/aligned_floats.h"

#include <algorithm>

namespace kickdrum {

const float* padded_piece(std::span<const float> samples, std::int64_t first, std::int64_t count,
                          AlignedFloats& copy) {
    const auto size = static_cast<std::int64_t>(samples.size());
    if (first >= 0 && first + count <= size) return samples.data() + first;
    float* const piece = copy.at_least(count);
    const std::int64_t begin = std::clamp<std::int64_t>(-first, 0, count);
    const std::int64_t end = std::clamp<std::int64_t>(size - first, begin, count);
    std::fill(piece, piece + begin, 0.0F);
    std::copy(samples.data() + first + begin, samples.data() + first + end, piece + begin);
    std::fill(piece + end, piece + count, 0.0F);
    return piece;
}

}  // namespace kickdrum
