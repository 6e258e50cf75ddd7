// SPDX-License-Identifier: MIT
#include "dsp/resize_taps.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace kickdrum {

namespace {

// The shares in [begin, begin + scale) of the source.
ResizeTaps area_taps(int place, int source, double scale) {
    constexpr double kNegligible = 1e-3;
    const double begin = place * scale;
    const double end = begin + scale;
    const double cell = std::min(scale, source - begin);
    const int last_whole = std::min(static_cast<int>(std::floor(end)), source - 1);
    const int first_whole = std::min(static_cast<int>(std::ceil(begin)), last_whole);
    ResizeTaps taps{first_whole, {}};
    if (first_whole - begin > kNegligible) {
        taps.first = first_whole - 1;
        taps.weights.push_back(static_cast<float>((first_whole - begin) / cell));
    }
    for (int i = first_whole; i < last_whole; ++i) taps.weights.push_back(static_cast<float>(1 / cell));
    if (end - last_whole > kNegligible) {
        taps.weights.push_back(static_cast<float>(std::min({end - last_whole, 1.0, cell}) / cell));
    }
    return taps;
}

// `growth`: pixels of the result per pixel of the source. A share that rounds to 1 in single precision is 0
// of the next pixel, as in OpenCV: which of the two decides what becomes of whole pixels.
ResizeTaps linear_taps(int place, int source, double growth) {
    const int first = static_cast<int>(std::floor(place * (1 / growth)));
    if (first >= source - 1) return {source - 1, {1}};
    const auto offset = static_cast<float>(place + 1 - (first + 1) * growth);
    const float second = offset <= 0 ? 0 : offset - std::floor(offset);
    return {first, {1 - second, second}};
}

void resize_row(const float* src, const ResizeSide& columns, float* dst) {
    for (std::size_t x = 0; x < columns.size(); ++x) {
        const float* pixel = src + columns[x].first;
        float sum = 0;
        for (const float weight : columns[x].weights) sum += weight * *pixel++;
        dst[x] = sum;
    }
}

}  // namespace

ResizeSide area_side(int source, int size) {
    const double growth = static_cast<double>(size) / source;
    ResizeSide side;
    for (int place = 0; place < size; ++place) side.push_back(area_taps(place, source, 1 / growth));
    return side;
}

ResizeSide linear_side(int source, int size) {
    const double growth = static_cast<double>(size) / source;
    ResizeSide side;
    for (int place = 0; place < size; ++place) side.push_back(linear_taps(place, source, growth));
    return side;
}

ResizeSide uneven_side(std::span<const double> borders, int size) {
    const std::size_t pixels = borders.size() - 1;
    const double cell = (borders.back() - borders.front()) / size;
    ResizeSide side;
    for (int place = 0; place < size; ++place) {
        const double begin = borders.front() + place * cell;
        ResizeTaps taps;
        for (std::size_t i = 0; i < pixels; ++i) {
            const double share = std::min(begin + cell, borders[i + 1]) - std::max(begin, borders[i]);
            if (share <= 0) continue;
            if (taps.weights.empty()) taps.first = static_cast<int>(i);
            taps.weights.push_back(static_cast<float>(share / cell));
        }
        side.push_back(taps);
    }
    return side;
}

void resize_by_taps(std::span<const float> src, int columns, const ResizeSide& vertical,
                    const ResizeSide& horizontal, std::span<float> dst) {
    const std::size_t rows = src.size() / static_cast<std::size_t>(columns);
    const std::size_t width = horizontal.size();
    std::vector<float> narrow(rows * width);
    for (std::size_t y = 0; y < rows; ++y) {
        resize_row(src.data() + y * static_cast<std::size_t>(columns), horizontal, narrow.data() + y * width);
    }
    std::fill(dst.begin(), dst.end(), 0.0F);
    for (std::size_t y = 0; y < vertical.size(); ++y) {
        float* const target = dst.data() + y * width;
        const float* source = narrow.data() + static_cast<std::size_t>(vertical[y].first) * width;
        for (const float weight : vertical[y].weights) {
            for (std::size_t x = 0; x < width; ++x) target[x] += weight * source[x];
            source += width;
        }
    }
}

}  // namespace kickdrum
