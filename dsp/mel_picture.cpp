// SPDX-License-Identifier: MIT
#include "dsp/mel_picture.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "dsp/mel_axis.h"
#include "dsp/resize_area.h"
#include "kernels/device/error.h"

namespace kickdrum {

namespace {

constexpr int kPlotSize = 300;
constexpr int kGreyLevels = 256;

// Upside down, so that they ascend from the top of the picture.
std::vector<double> borders_from_top(int n_mels, int sample_rate) {
    std::vector<double> borders = drawn_mel_borders(n_mels, sample_rate);
    std::reverse(borders.begin(), borders.end());
    for (double& border : borders) border = -border;
    return borders;
}

// The source pixel under the centre of each of kPlotSize pixels.
std::vector<int> nearest(std::span<const double> borders) {
    const double step = (borders.back() - borders.front()) / kPlotSize;
    std::vector<int> places;
    for (int i = 0; i < kPlotSize; ++i) {
        const auto next =
            std::upper_bound(borders.begin() + 1, borders.end() - 1, borders.front() + (i + 0.5) * step);
        places.push_back(static_cast<int>(next - borders.begin()) - 1);
    }
    return places;
}

std::vector<int> nearest_frames(int frames) {
    std::vector<double> borders;
    for (int i = 0; i <= frames; ++i) borders.push_back(i);
    return nearest(borders);
}

}  // namespace

ResizeSide picture_columns(int frames, int width) {
    return width <= frames ? area_side(frames, width) : linear_side(frames, width);
}

MelPicture::MelPicture(int n_mels, int sample_rate, int height, int width)
    : n_mels_(n_mels), height_(height), width_(width) {
    require(height >= 1 && width >= 1, "features: the picture's sides must be at least 1, got {} x {}",
            height, width);
    const std::vector<double> borders = borders_from_top(n_mels, sample_rate);
    rows_ = uneven_side(borders, height);
    for (const int row : nearest(borders)) plot_bands_.push_back(n_mels - 1 - row);
}

void MelPicture::smooth(std::span<const float> db, float top_db, std::span<float> image) const {
    const auto bands = static_cast<std::size_t>(n_mels_);
    const std::size_t frames = db.size() / bands;
    require(image.size() == static_cast<std::size_t>(height_) * static_cast<std::size_t>(width_),
            "features: the picture is {} x {}, got room for {} numbers", height_, width_, image.size());
    std::vector<float> grey(db.size());
    for (std::size_t band = 0; band < bands; ++band) {
        const float* const source = db.data() + band * frames;
        float* const row = grey.data() + (bands - 1 - band) * frames;
        for (std::size_t frame = 0; frame < frames; ++frame)
            row[frame] = 1 - (source[frame] + top_db) / top_db;
    }
    const int columns = static_cast<int>(frames);
    resize_by_taps(grey, columns, rows_, picture_columns(columns, width_), image);
    // The weights add up to 1 but for rounding.
    for (float& pixel : image) pixel = std::clamp(pixel, 0.0F, 1.0F);
}

void MelPicture::specshow_gray(std::span<const float> db, std::span<std::uint8_t> image) const {
    const std::size_t frames = db.size() / static_cast<std::size_t>(n_mels_);
    const auto [quietest, loudest] = std::minmax_element(db.begin(), db.end());
    const float range = *loudest - *quietest;
    const std::vector<int> plot_frames = nearest_frames(static_cast<int>(frames));
    std::vector<float> plot;
    for (const int band : plot_bands_) {
        for (const int frame : plot_frames) {
            const float value = db[static_cast<std::size_t>(band) * frames + static_cast<std::size_t>(frame)];
            // matplotlib: a plot of one value is all at the lower end of the colour map, which is white here.
            const float share = range > 0 ? (value - *quietest) / range : 0;
            const int level = std::min(static_cast<int>(share * kGreyLevels), kGreyLevels - 1);
            plot.push_back(static_cast<float>(kGreyLevels - 1 - level));
        }
    }
    std::vector<float> resized(image.size());
    resize_area(plot, kPlotSize, kPlotSize, resized, height_, width_);
    std::transform(resized.begin(), resized.end(), image.begin(), [](float x) {
        return static_cast<std::uint8_t>(std::lrint(std::clamp(x, 0.0F, 255.0F)));
    });
}

}  // namespace kickdrum
