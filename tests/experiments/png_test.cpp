// SPDX-License-Identifier: MIT
#include "experiments/data/png.h"

#include <gtest/gtest.h>
#include <png.h>

#include <vector>

#include "experiments/data/mel_plot.h"
#include "kernels/device/error.h"

namespace kickdrum {
namespace {

std::vector<std::uint8_t> decoded(const std::string& bytes, png_uint_32 format, int& width, int& height) {
    png_image image{};
    image.version = PNG_IMAGE_VERSION;
    EXPECT_NE(::png_image_begin_read_from_memory(&image, bytes.data(), bytes.size()), 0) << image.message;
    EXPECT_EQ(image.format, format);
    width = static_cast<int>(image.width);
    height = static_cast<int>(image.height);
    std::vector<std::uint8_t> pixels(PNG_IMAGE_SIZE(image));
    EXPECT_NE(::png_image_finish_read(&image, nullptr, pixels.data(), 0, nullptr), 0) << image.message;
    return pixels;
}

TEST(Png, ComesBackAsItWent) {
    for (const int channels : {1, 3}) {
        std::vector<std::uint8_t> pixels;
        for (int i = 0; i < 7 * 5 * channels; ++i) pixels.push_back(static_cast<std::uint8_t>(i * 37));
        int width = 0;
        int height = 0;
        const auto format = channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;
        EXPECT_EQ(decoded(encode_png(pixels, 7, 5, channels), format, width, height), pixels);
        EXPECT_EQ(width, 7);
        EXPECT_EQ(height, 5);
        EXPECT_EQ(encode_png(pixels, 7, 5, channels), encode_png(pixels, 7, 5, channels));
    }
    EXPECT_THROW(encode_png(std::vector<std::uint8_t>(34), 7, 5, 1), InvalidArgument);
}

TEST(MelPlot, ColoursGetBrighter) {
    double last = -1;
    for (int i = 0; i <= 100; ++i) {
        const Colour colour = heat_colour(i / 100.0);
        const double luminance = 0.2126 * colour[0] + 0.7152 * colour[1] + 0.0722 * colour[2];
        EXPECT_GT(luminance, last) << i;
        last = luminance;
    }
    EXPECT_EQ(heat_colour(-1), heat_colour(0));
    EXPECT_EQ(heat_colour(2), heat_colour(1));
}

// One loud band and one loud frame: they are where the axes say.
TEST(MelPlot, CellsAreWhereTheyBelong) {
    const LogMelSettings settings{.n_mels = 8, .top_db = 60};
    std::vector<float> db(8 * 20, -60);
    for (std::size_t frame = 0; frame < 20; ++frame) db[2 * 20 + frame] = 0;  // the third band from below
    for (std::size_t band = 0; band < 8; ++band) db[band * 20 + 15] = 0;
    const Canvas canvas = mel_plot(db, settings);
    const auto at = [&](double x, double y) {  // shares of the plot, from its lower left corner
        const int column = 90 + static_cast<int>(x * 800);
        const int row = 30 + static_cast<int>((1 - y) * 400);
        const std::size_t i = static_cast<std::size_t>(row * canvas.width() + column) * 3;
        return Colour{canvas.pixels()[i], canvas.pixels()[i + 1], canvas.pixels()[i + 2]};
    };
    EXPECT_EQ(at(0.1, 2.5 / 8), heat_colour(1));
    EXPECT_EQ(at(0.1, 1.5 / 8), heat_colour(0));
    EXPECT_EQ(at(15.5 / 20, 0.9), heat_colour(1));
    EXPECT_EQ(at(14.5 / 20, 0.9), heat_colour(0));
}

}  // namespace
}  // namespace kickdrum
