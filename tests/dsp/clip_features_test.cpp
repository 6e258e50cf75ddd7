// SPDX-License-Identifier: MIT
#include "dsp/clip_features.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "kernels/device/error.h"
#include "tests/dsp/naive_log_mel.h"
#include "tests/dsp/simd_test.h"

namespace kickdrum {
namespace {

class ClipFeaturesTest : public SimdTest {};
INSTANTIATE_FOR_SIMD_LEVELS(ClipFeaturesTest);

std::vector<float> image_of(const ClipFeaturePlan& plan, const std::vector<float>& samples) {
    const ClipFeatureSettings& settings = plan.settings();
    std::vector<float> image(
        static_cast<std::size_t>(settings.height) * static_cast<std::size_t>(settings.width), NAN);
    plan.compute(samples, image);
    return image;
}

std::vector<float> tone(int size, double hz) {
    std::vector<float> samples;
    for (int i = 0; i < size; ++i) {
        samples.push_back(static_cast<float>(0.5 * std::sin(2 * std::numbers::pi * hz * i / 22050)));
    }
    return samples;
}

// The darkest row in the middle column.
int darkest_row(const std::vector<float>& image, int height, int width) {
    int darkest = 0;
    const auto pixel = [&](int row) { return image[static_cast<std::size_t>(row * width + width / 2)]; };
    for (int row = 1; row < height; ++row) darkest = pixel(row) < pixel(darkest) ? row : darkest;
    return darkest;
}

TEST_P(ClipFeaturesTest, IsThePictureOfTheSpectrogram) {
    for (const ClipImage kind : {ClipImage::smooth, ClipImage::specshow_gray}) {
        const ClipFeaturePlan plan(
            {.log_mel = {.n_mels = 40, .top_db = 60}, .height = 50, .width = 15, .image = kind}, simd());
        const auto samples = test_music(30 * 512, 22050);  // 31 frames
        const NaiveLogMel expected = naive_log_mel(plan.settings().log_mel, samples);
        const std::vector<float> db(expected.db.begin(), expected.db.end());
        std::vector<float> picture(50 * 15);
        if (kind == ClipImage::smooth) {
            plan.picture().smooth(db, 60, picture);
        } else {
            std::vector<std::uint8_t> bytes(50 * 15);
            plan.picture().specshow_gray(db, bytes);
            std::transform(bytes.begin(), bytes.end(), picture.begin(),
                           [](auto byte) { return static_cast<float>(byte) / 255; });
        }
        const auto image = image_of(plan, samples);
        const double tolerance = kind == ClipImage::smooth ? 2e-5 : 1.1 / 255;  // a value between two greys
        for (std::size_t i = 0; i < image.size(); ++i) EXPECT_NEAR(image[i], picture[i], tolerance) << i;
    }
}

TEST_P(ClipFeaturesTest, LowTonesAreDarkLinesAtTheBottom) {
    const ClipFeaturePlan plan({}, simd());
    const auto low = image_of(plan, tone(40000, 100));
    const auto high = image_of(plan, tone(40000, 9000));
    EXPECT_GE(darkest_row(low, 128, 128), 120);
    EXPECT_LE(darkest_row(high, 128, 128), 12);
    for (const auto& image : {low, high}) {
        const auto [darkest, lightest] = std::minmax_element(image.begin(), image.end());
        EXPECT_GE(*darkest, 0.0F);
        EXPECT_LE(*darkest, 0.05F);
        EXPECT_LE(*lightest, 1.0F);
        EXPECT_GE(*lightest, 0.95F);
    }
}

TEST_P(ClipFeaturesTest, AnyLengthBecomesAnySize) {
    const ClipFeaturePlan plan({.log_mel = {}, .height = 64, .width = 300}, simd());
    for (const int size : {0, 1, 511, 5000, 200000}) {
        for (const float pixel : image_of(plan, test_music(size, 22050))) {
            ASSERT_GE(pixel, 0.0F);
            ASSERT_LE(pixel, 1.0F);
        }
    }
}

TEST(ClipFeaturesArgumentsTest, AreChecked) {
    EXPECT_THROW(ClipFeaturePlan({.log_mel = {}, .height = 0}, SimdLevel::portable), InvalidArgument);
    EXPECT_THROW(ClipFeaturePlan({.log_mel = {.n_mels = 0}}, SimdLevel::portable), InvalidArgument);
    const ClipFeaturePlan plan({}, SimdLevel::portable);
    std::vector<float> image(128 * 128);
    auto samples = test_music(3000, 22050);
    EXPECT_THROW(plan.compute(samples, std::span(image).first(128 * 127)), InvalidArgument);
    for (const float bad :
         {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
        samples[2999] = bad;
        EXPECT_THROW(plan.compute(samples, image), InvalidArgument);
    }
}

}  // namespace
}  // namespace kickdrum
