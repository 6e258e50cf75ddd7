// SPDX-License-Identifier: MIT
#include "dsp/mel_picture.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "dsp/clip_features.h"
#include "dsp/mel_axis.h"
#include "kernels/device/error.h"
#include "tests/support/audio_files.h"

namespace kickdrum {
namespace {

constexpr int kBands = 128;

// [kBands, frames] at the floor of -80 dB.
std::vector<float> quiet(int frames) {
    return std::vector<float>(static_cast<std::size_t>(kBands * frames), -80.0F);
}

// What librosa 0.11 and matplotlib's symlog axis (base 2, linthresh 1000) give for 128 bands at 22050 Hz.
TEST(MelAxisTest, BordersAreThoseOfThePlot) {
    const auto borders = drawn_mel_borders(kBands, 22050);
    ASSERT_EQ(borders.size(), 129U);
    const double mel_per_band = (15 + 27 * std::log(11.025) / std::log(6.4)) / 127;
    EXPECT_NEAR(borders[0], -2 * mel_per_band / 2 * 200 / 3 / 1000, 1e-12);
    EXPECT_NEAR(borders[1], 2 * mel_per_band / 2 * 200 / 3 / 1000, 1e-12);
    const auto hz = [&](double band) {
        return 1000 * std::exp(std::log(6.4) / 27 * (band * mel_per_band - 15));
    };
    EXPECT_NEAR(borders[100], 2 + std::log2((hz(99) + hz(100)) / 2 / 1000), 1e-9);
    EXPECT_NEAR(borders[128], 2 + std::log2((hz(127) + (hz(127) - hz(126)) / 2) / 1000), 1e-9);
    for (std::size_t i = 1; i < borders.size(); ++i) EXPECT_LT(borders[i - 1], borders[i]);
}

TEST(MelPictureTest, HighBandsAreOnTopAndLoudIsDark) {
    const MelPicture picture(kBands, 22050, 128, 128);
    for (const bool bytes : {false, true}) {
        auto db = quiet(345);
        for (std::size_t frame = 0; frame < 345; ++frame) {
            db[frame] = 0;                                // the lowest band
            if (frame >= 300) db[127 * 345 + frame] = 0;  // the highest, at the end
        }
        std::vector<float> image(128 * 128);
        if (bytes) {
            std::vector<std::uint8_t> grey(image.size());
            picture.specshow_gray(db, grey);
            for (std::size_t i = 0; i < grey.size(); ++i) image[i] = static_cast<float>(grey[i]) / 255;
        } else {
            picture.smooth(db, 80, image);
        }
        const auto pixel = [&](int row, int column) {
            return image[static_cast<std::size_t>(row * 128 + column)];
        };
        EXPECT_LT(pixel(127, 0), 0.05F);
        EXPECT_LT(pixel(127, 127), 0.05F);
        EXPECT_EQ(pixel(64, 64), 1.0F);
        EXPECT_EQ(pixel(0, 0), 1.0F);
        EXPECT_LT(pixel(0, 127), 0.5F);
        EXPECT_EQ(pixel(0, 100), 1.0F);
    }
}

// A band's share of the picture is its share of the axis.
TEST(MelPictureTest, BandsHaveTheHeightOfTheAxis) {
    const MelPicture picture(kBands, 22050, 64, 32);
    const auto borders = drawn_mel_borders(kBands, 22050);
    for (const int band : {0, 1, 38, 64, 100, 127}) {
        auto db = quiet(345);
        const auto b = static_cast<std::size_t>(band);
        for (std::size_t frame = 0; frame < 345; ++frame) db[b * 345 + frame] = 0;
        std::vector<float> image(64 * 32);
        picture.smooth(db, 80, image);
        double dark = 0;
        for (const float pixel : image) dark += (1 - static_cast<double>(pixel)) / (64 * 32);
        EXPECT_NEAR(dark, (borders[b + 1] - borders[b]) / (borders.back() - borders.front()), 1e-6);
    }
}

TEST(MelPictureTest, GreyLevelsSpanTheClip) {
    // 300 frames and 300 columns: no pixel is mixed along the time.
    std::vector<float> db(300);
    for (std::size_t i = 0; i < 300; ++i) db[i] = -60 + static_cast<float>(i) / 299 * 30;
    const MelPicture picture(1, 22050, 1, 300);
    std::vector<std::uint8_t> image(300);
    picture.specshow_gray(db, image);
    EXPECT_EQ(image.front(), 255);
    EXPECT_EQ(image.back(), 0);
    for (std::size_t i = 0; i < 300; ++i)
        EXPECT_NEAR(image[i], 255 - static_cast<int>(256.0 * static_cast<double>(i) / 299), 1);
}

TEST(MelPictureTest, OneValueIsWhite) {
    const MelPicture picture(kBands, 22050, 8, 8);
    std::vector<std::uint8_t> image(64);
    picture.specshow_gray(quiet(10), image);
    EXPECT_EQ(image, std::vector<std::uint8_t>(64, 255));
}

TEST(MelPictureTest, SizesAreChecked) {
    EXPECT_THROW(MelPicture(kBands, 22050, 0, 8), InvalidArgument);
    EXPECT_THROW(MelPicture(kBands, 22050, 8, 0), InvalidArgument);
    std::vector<float> image(63);
    EXPECT_THROW(MelPicture(kBands, 22050, 8, 8).smooth(quiet(10), 80, image), InvalidArgument);
}

// Sums over the published system's pictures of some real clips: plain, and weighted with the row and the
// column.
struct PublishedPicture {
    const char* clip;
    std::int64_t sum, by_row, by_column;
};
constexpr PublishedPicture kPublished[] = {
    {"65AwPDHRx3Ft6QTP0nOgDc_0006", 2211993, 129647179, 139855270},
    {"7oHdGobTs66dcu7lA4TEWd_0241", 1903762, 108777583, 120275530},
    {"5wG1SFQmgB1EjKBEGscAoj_0643", 2008302, 104644755, 127147336},
    {"5XzzfaBbio2tlzA51N6Xhy_0851", 2103573, 113257435, 135046561},
    {"5UO3HqmIc3LIGtHSj4IcBd_1367", 2276318, 132842317, 138324971},
    {"2JkQxEKnq5ztmivej3tlMd_1902", 2087937, 117387559, 132191138},
};

TEST(MelPictureTest, RealClipsHaveThePublishedPictures) {
    const auto clips = reference_data() / "hard_techno/clips";
    if (reference_data().empty() || !std::filesystem::is_directory(clips))
        GTEST_SKIP() << "no reference data";
    const ClipFeaturePlan plan({.log_mel = {}, .image = ClipImage::specshow_gray}, best_simd_level());
    std::vector<float> image(128 * 128);
    for (const PublishedPicture& expected : kPublished) {
        SCOPED_TRACE(expected.clip);
        plan.compute(clips / (std::string(expected.clip) + ".mp3"), image);
        double sum = 0;
        double by_row = 0;
        double by_column = 0;
        for (std::size_t i = 0; i < image.size(); ++i) {
            const double grey = 255 * static_cast<double>(image[i]);
            sum += grey;
            by_row += grey * static_cast<double>(i / 128);
            by_column += grey * static_cast<double>(i % 128);
        }
        // A handful of pixels may round to the next grey.
        EXPECT_NEAR(sum, static_cast<double>(expected.sum), 5);
        EXPECT_NEAR(by_row, static_cast<double>(expected.by_row), 5 * 128);
        EXPECT_NEAR(by_column, static_cast<double>(expected.by_column), 5 * 128);
    }
}

}  // namespace
}  // namespace kickdrum
