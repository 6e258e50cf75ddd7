// SPDX-License-Identifier: MIT
#include "dsp/resize_area.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels/device/error.h"

namespace kickdrum {

namespace {

// A pixel of the result along one side: the source's pixels from `first` on, times `weights`.
struct Taps {
    int first = 0;
    std::vector<float> weights;
};
using Side = std::vector<Taps>;

// The shares in [begin, begin + scale) of the source.
Taps area_taps(int place, int source, double scale) {
    constexpr double kNegligible = 1e-3;
    const double begin = place * scale;
    const double end = begin + scale;
    const double cell = std::min(scale, source - begin);
    const int last_whole = std::min(static_cast<int>(std::floor(end)), source - 1);
    const int first_whole = std::min(static_cast<int>(std::ceil(begin)), last_whole);
    Taps taps{first_whole, {}};
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
Taps linear_taps(int place, int source, double growth) {
    const int first = static_cast<int>(std::floor(place * (1 / growth)));
    if (first >= source - 1) return {source - 1, {1}};
    const auto offset = static_cast<float>(place + 1 - (first + 1) * growth);
    const float second = offset <= 0 ? 0 : offset - std::floor(offset);
    return {first, {1 - second, second}};
}

Side side(int source, int size, bool area) {
    const double growth = static_cast<double>(size) / source;
    Side taps;
    for (int place = 0; place < size; ++place) {
        taps.push_back(area ? area_taps(place, source, 1 / growth) : linear_taps(place, source, growth));
    }
    return taps;
}

void resize_row(const float* src, const Side& columns, float* dst) {
    for (std::size_t x = 0; x < columns.size(); ++x) {
        const float* pixel = src + columns[x].first;
        float sum = 0;
        for (const float weight : columns[x].weights) sum += weight * *pixel++;
        dst[x] = sum;
    }
}

}  // namespace

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
    const Side horizontal = side(columns, width, area);
    const Side vertical = side(rows, height, area);
    const auto row_size = static_cast<std::size_t>(width);
    std::vector<float> narrow(pixels(rows, width));
    for (std::size_t y = 0; y < static_cast<std::size_t>(rows); ++y) {
        resize_row(src.data() + y * static_cast<std::size_t>(columns), horizontal,
                   narrow.data() + y * row_size);
    }
    std::fill(dst.begin(), dst.end(), 0.0F);
    for (std::size_t y = 0; y < vertical.size(); ++y) {
        float* const target = dst.data() + y * row_size;
        const float* source = narrow.data() + static_cast<std::size_t>(vertical[y].first) * row_size;
        for (const float weight : vertical[y].weights) {
            for (std::size_t x = 0; x < row_size; ++x) target[x] += weight * source[x];
            source += row_size;
        }
    }
}

}  // namespace kickdrum
