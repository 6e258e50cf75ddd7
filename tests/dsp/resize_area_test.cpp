// SPDX-License-Identifier: MIT
#include "dsp/resize_area.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "kernels/device/error.h"

namespace kickdrum {
namespace {

std::vector<float> resized(const std::vector<float>& src, int rows, int columns, int height, int width) {
    std::vector<float> dst(static_cast<std::size_t>(height) * static_cast<std::size_t>(width), NAN);
    resize_area(src, rows, columns, dst, height, width);
    return dst;
}

void expect_near(const std::vector<float>& actual, const std::vector<double>& expected, double tolerance) {
    ASSERT_EQ(actual.size(), expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
        EXPECT_NEAR(static_cast<double>(actual[i]), expected[i], tolerance) << i;
    }
}

// The numbers of cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA), OpenCV 5.0.0, with
// image[i] = i * i % 17 in row-major order.
struct OpenCvCase {
    int rows, columns, height, width;
    std::vector<double> expected;
};

TEST(ResizeAreaTest, MatchesOpenCv) {
    const std::vector<OpenCvCase> cases = {
        {4, 6, 2, 3, {4.5, 9.75, 10.25, 7.25, 9.5, 2.75}},  // whole pixels
        {5,
         7,
         3,
         4,
         {5.914287, 8.428572, 10.34286, 7.771429, 9.457144, 4.714286,  // shares of pixels
          4.714286, 9.457144, 7.771429, 10.34286, 8.428573, 5.914287}},
        {2, 9, 2, 4, {0.8888889, 8.888889, 7.777778, 12.66667, 12.66667, 7.777778, 8.888888, 0.8888889}},
        {3, 3, 5, 6, {0,        0,        1,        1,        4,  4,  3,  3,  6,        6,
                      5.333333, 5.333333, 9,        9,        16, 16, 8,  8,  4.333333, 4.333333,  // larger
                      15.33333, 15.33333, 11.33333, 11.33333, 2,  2,  15, 15, 13,       13}},
        {4,
         6,
         6,
         3,
         {0.5, 6.5, 12, 4.5, 9.75, 10.25, 8.5, 13, 8.5,  // higher and narrower
          12, 6.5, 0.5, 7.25, 9.5, 2.75, 2.5, 12.5, 5}},
        {1, 23, 2, 20, {0.1304348, 1.782609,  5.956522,  12.65217, 10.78261,  3.304348,  13.86957, 13,
                        13.6087,   9.347826,  // higher, a little narrower
                        5.391304,  13.56522,  10.21739,  4.217391, 0.7826087, 0.3478261, 2.434783, 7.043478,
                        14.17391,  9.043478,  0.1304348, 1.782609, 5.956522,  12.65217,  10.78261, 3.304348,
                        13.86957,  13,        13.6087,   9.347826, 5.391304,  13.56522,  10.21739, 4.217391,
                        0.7826087, 0.3478261, 2.434783,  7.043478, 14.17391,  9.043478}},
    };
    for (const OpenCvCase& c : cases) {
        SCOPED_TRACE(testing::Message()
                     << c.rows << " x " << c.columns << " to " << c.height << " x " << c.width);
        std::vector<float> image;
        for (int i = 0; i < c.rows * c.columns; ++i) image.push_back(static_cast<float>(i * i % 17));
        expect_near(resized(image, c.rows, c.columns, c.height, c.width), c.expected, 1e-5);
    }
}

TEST(ResizeAreaTest, TheSameSizeIsACopy) {
    const std::vector<float> image = {1, 2, 3, 4, 5, 6};
    EXPECT_EQ(resized(image, 2, 3, 2, 3), image);
}

TEST(ResizeAreaTest, SmallerPicturesKeepTheMean) {
    std::vector<float> image;
    double mean = 0;
    for (int i = 0; i < 128 * 345; ++i) {
        image.push_back(static_cast<float>(i * 7919 % 1000));
        mean += static_cast<double>(image.back()) / (128 * 345);
    }
    const auto small = resized(image, 128, 345, 37, 41);
    double mean_after = 0;
    for (const float x : small) mean_after += static_cast<double>(x) / (37 * 41);
    EXPECT_NEAR(mean_after, mean, 1e-4 * mean);
}

TEST(ResizeAreaTest, OnePixelBecomesAnySize) {
    EXPECT_EQ(resized({3}, 1, 1, 3, 2), std::vector<float>(6, 3));
    EXPECT_EQ(resized({1, 2, 3, 6}, 2, 2, 1, 1), std::vector<float>(1, 3));
}

TEST(ResizeAreaTest, SizesMustFit) {
    std::vector<float> dst(4);
    EXPECT_THROW(resize_area(std::vector<float>(5), 2, 3, dst, 2, 2), InvalidArgument);
    EXPECT_THROW(resize_area(std::vector<float>(6), 2, 3, dst, 2, 3), InvalidArgument);
    EXPECT_THROW(resize_area(std::vector<float>(6), 2, 3, dst, 0, 2), InvalidArgument);
}

}  // namespace
}  // namespace kickdrum
