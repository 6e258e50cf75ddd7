// SPDX-License-Identifier: MIT
#include "nn/model/initializer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

#include "kernels/device/error.h"

namespace kickdrum {
namespace {

std::vector<float> drawn(Initializer initializer, const Shape& shape, std::string_view purpose = "a") {
    std::vector<float> values(static_cast<std::size_t>(shape.count()), -1000);
    initialize(initializer, shape, random_stream(1, purpose), values);
    return values;
}

struct Moments {
    double mean = 0;
    double variance = 0;
    double largest = 0;  // magnitude
};

Moments moments_of(const std::vector<float>& values) {
    Moments moments;
    for (const auto v : values) {
        moments.mean += static_cast<double>(v) / static_cast<double>(values.size());
        moments.largest = std::max(moments.largest, std::abs(static_cast<double>(v)));
    }
    for (const auto v : values) {
        moments.variance +=
            std::pow(static_cast<double>(v) - moments.mean, 2) / static_cast<double>(values.size());
    }
    return moments;
}

struct Case {
    Initializer initializer;
    Shape shape;
    double variance;
    double bound;  // in standard deviations
};

// A uniform number ends at sqrt(3) of its deviations, a normal one cut at two deviations at 2 / 0.8796 of
// those left.
const double kUniform = std::sqrt(3.0);
const double kNormal = 2 / 0.87962566103423978;

TEST(Initializer, HasKerasVariancesAndBounds) {
    const Shape dense = {300, 100};      // fans 300 and 100
    const Shape conv = {3, 5, 16, 128};  // fans 240 and 1920
    const Shape flat = {20000};          // fans 20000 and 20000
    const Case cases[] = {
        {Initializer::glorot_uniform, dense, 2.0 / 400, kUniform},
        {Initializer::glorot_normal, dense, 2.0 / 400, kNormal},
        {Initializer::he_uniform, dense, 2.0 / 300, kUniform},
        {Initializer::he_normal, dense, 2.0 / 300, kNormal},
        {Initializer::lecun_uniform, dense, 1.0 / 300, kUniform},
        {Initializer::lecun_normal, dense, 1.0 / 300, kNormal},
        {Initializer::glorot_uniform, conv, 2.0 / 2160, kUniform},
        {Initializer::glorot_normal, conv, 2.0 / 2160, kNormal},
        {Initializer::he_uniform, conv, 2.0 / 240, kUniform},
        {Initializer::he_normal, conv, 2.0 / 240, kNormal},
        {Initializer::lecun_normal, conv, 1.0 / 240, kNormal},
        {Initializer::fan_in_uniform, dense, 1.0 / 900, kUniform},  // PyTorch: +-1 / sqrt(300)
        {Initializer::fan_in_uniform, conv, 1.0 / 720, kUniform},
        {Initializer::glorot_uniform, flat, 1.0 / 20000, kUniform},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(std::string(to_string(c.initializer)) + " " + to_string(c.shape));
        const Moments moments = moments_of(drawn(c.initializer, c.shape));
        const double deviation = std::sqrt(c.variance);
        const auto count = static_cast<double>(c.shape.count());
        EXPECT_NEAR(moments.mean, 0, 5 * deviation / std::sqrt(count));
        EXPECT_NEAR(moments.variance / c.variance, 1, 5 / std::sqrt(count));
        EXPECT_LE(moments.largest, c.bound * deviation * (1 + 1e-6));
        EXPECT_GE(moments.largest, c.bound * deviation * 0.995);
    }
}

// The share of a truncated normal's values below some points, against its distribution function.
TEST(Initializer, NormalsHaveTheRightDistribution) {
    const Shape shape = {1000, 1000};
    const std::vector<float> values = drawn(Initializer::lecun_normal, shape);
    const double deviation = std::sqrt(1.0 / 1000) / 0.87962566103423978;
    const auto normal_cdf = [](double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); };
    for (const double x : {-1.9, -1.5, -1.0, -0.3, 0.0, 0.7, 1.2, 1.8, 1.99}) {
        const auto below = static_cast<double>(std::count_if(
            values.begin(), values.end(), [&](float v) { return static_cast<double>(v) < x * deviation; }));
        const double expected = (normal_cdf(x) - normal_cdf(-2)) / (normal_cdf(2) - normal_cdf(-2));
        EXPECT_NEAR(below / 1e6, expected, 0.0025) << x;
    }
}

// PyTorch draws a bias within 1 / sqrt(the inputs of its layer).
TEST(Initializer, ABiasHasTheFanOfItsLayer) {
    std::vector<float> values(20000);
    initialize(Initializer::fan_in_uniform, {20000}, random_stream(1, "a"), values,
               fan_in_of({3, 5, 16, 128}));
    const Moments moments = moments_of(values);
    EXPECT_LE(moments.largest, 1 / std::sqrt(240.0) * (1 + 1e-6));
    EXPECT_GE(moments.largest, 1 / std::sqrt(240.0) * 0.995);
    EXPECT_EQ(fan_in_of({300, 100}), 300);
}

TEST(Initializer, ZerosAndOnes) {
    EXPECT_EQ(drawn(Initializer::zeros, {3}), (std::vector<float>{0, 0, 0}));
    EXPECT_EQ(drawn(Initializer::ones, {2, 1}), (std::vector<float>{1, 1}));
}

TEST(Initializer, IsAFunctionOfStreamAndShape) {
    for (const Initializer initializer : {Initializer::glorot_uniform, Initializer::he_normal}) {
        const Shape odd = {7, 3};
        EXPECT_EQ(drawn(initializer, odd, "a"), drawn(initializer, odd, "a"));
        EXPECT_NE(drawn(initializer, odd, "a"), drawn(initializer, odd, "b"));
        const std::vector<float> values = drawn(initializer, odd);
        EXPECT_EQ(std::set<float>(values.begin(), values.end()).size(), values.size());
    }
}

TEST(Initializer, HasANameEach) {
    std::set<std::string_view> names;
    for (const Initializer initializer : all_initializers()) names.insert(to_string(initializer));
    EXPECT_EQ(names.size(), 9U);
    EXPECT_EQ(to_string(Initializer::glorot_uniform), "glorot_uniform");
}

TEST(Initializer, RejectsAWrongSize) {
    std::vector<float> values(5);
    EXPECT_THROW(initialize(Initializer::zeros, {2, 3}, {}, values), InvalidArgument);
    EXPECT_THROW(initialize(Initializer::he_normal, {}, {}, std::span<float>{}), InvalidArgument);
}

}  // namespace
}  // namespace kickdrum
