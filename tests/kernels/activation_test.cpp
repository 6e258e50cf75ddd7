// SPDX-License-Identifier: MIT
#include "kernels/ops/activation.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numbers>
#include <set>

#include "tests/support/device_test.h"
#include "tests/support/test_tensor.h"

namespace kickdrum {
namespace {

class ActivationTest : public DeviceTest {};
INSTANTIATE_FOR_DEVICES(ActivationTest);

double value_of(Activation activation, double x) {
    switch (activation) {
        case Activation::linear: return x;
        case Activation::relu: return std::max(x, 0.0);
        case Activation::leaky_relu: return x > 0 ? x : 0.2 * x;
        case Activation::elu: return x > 0 ? x : std::exp(x) - 1;
        case Activation::selu:
            return 1.05070098735548049342 * (x > 0 ? x : 1.67326324235437728482 * (std::exp(x) - 1));
        case Activation::gelu: return x / 2 * (1 + std::erf(x / std::numbers::sqrt2));
        case Activation::silu: return x / (1 + std::exp(-x));
        case Activation::sigmoid: return 1 / (1 + std::exp(-x));
        case Activation::tanh: return std::tanh(x);
        case Activation::softplus: return std::log(1 + std::exp(x));
    }
    return 0;
}

// Central differences in double precision: good to 1e-9 away from the kinks.
double slope_of(Activation activation, double x) {
    const double h = 1e-5;
    return (value_of(activation, x + h) - value_of(activation, x - h)) / (2 * h);
}

// From -8 to 8, never 0, with a rest after the last vector and after the last piece.
constexpr std::int64_t kCount = 16384 + 13;

void fill_range(TestTensor& x) {
    std::vector<float> values;
    for (std::int64_t i = 0; i < kCount; ++i) {
        values.push_back((static_cast<float>(i) - 8190.25F) / 1024);
    }
    x.assign(values);
}

TEST_P(ActivationTest, ValuesAndGradientsMatchFormulas) {
    for (const Activation activation : all_activations()) {
        SCOPED_TRACE(to_string(activation));
        TestTensor x(context(), {kCount});
        TestTensor y(context(), {kCount});
        TestTensor dy(context(), {kCount});
        TestTensor dx(context(), {kCount});
        fill_range(x);
        dy.randomize("dy");
        activation_forward(context(), activation, x, y);
        activation_backward(context(), activation, needs_src(activation) ? Tensor(x) : Tensor{}, y, dy, dx);
        const auto values = y.values();
        const auto gradients = dx.values();
        const auto points = x.values();
        const auto factors = dy.values();
        for (std::size_t i = 0; i < kCount; ++i) {
            const auto at = static_cast<double>(points[i]);
            const double value = value_of(activation, at);
            const double slope = slope_of(activation, at) * static_cast<double>(factors[i]);
            ASSERT_NEAR(static_cast<double>(values[i]), value, 3e-7 * std::max(std::abs(value), 1.0)) << at;
            ASSERT_NEAR(static_cast<double>(gradients[i]), slope, 1e-6 * std::max(std::abs(slope), 1.0))
                << at;
        }
    }
}

// Rounded to 8 bits once in each direction; backward starts from the rounded src or dst.
TEST_P(ActivationTest, ComputesInBf16OnCuda) {
    if (on_cpu()) GTEST_SKIP() << "the CPU has no bf16";
    constexpr double kUnit = 1.0 / 256;  // half a unit in the last place of 1
    for (const Activation activation : all_activations()) {
        SCOPED_TRACE(to_string(activation));
        TestTensor x(context(), {4001}, DType::bf16);
        TestTensor y(context(), {4001}, DType::bf16);
        TestTensor dy(context(), {4001}, DType::bf16);
        TestTensor dx(context(), {4001}, DType::bf16);
        const auto points = x.randomize("x", 2).values();
        const auto factors = dy.randomize("dy").values();
        activation_forward(context(), activation, x, y);
        activation_backward(context(), activation, x, y, dy, dx);
        const auto values = y.values();
        const auto gradients = dx.values();
        for (std::size_t i = 0; i < points.size(); ++i) {
            const auto at = static_cast<double>(points[i]);
            const double value = value_of(activation, at);
            ASSERT_NEAR(static_cast<double>(values[i]), value, 1.01 * kUnit * std::abs(value)) << at;
            // An error of y of kUnit * |y| moves no slope by more than thrice as much.
            const double slope = slope_of(activation, at);
            const double tolerance = kUnit * (std::abs(slope) + 3 * std::max(std::abs(value), 1.0));
            ASSERT_NEAR(static_cast<double>(gradients[i]), slope * static_cast<double>(factors[i]),
                        tolerance * std::abs(static_cast<double>(factors[i])) + 1e-6)
                << at;
        }
    }
}

TEST_P(ActivationTest, WorksInPlace) {
    for (const Activation activation : all_activations()) {
        SCOPED_TRACE(to_string(activation));
        TestTensor x(context(), {kCount});
        TestTensor y(context(), {kCount});
        TestTensor dy(context(), {kCount});
        TestTensor dx(context(), {kCount});
        fill_range(x);
        dy.randomize("dy");
        activation_forward(context(), activation, x, y);
        activation_backward(context(), activation, x, y, dy, dx);
        activation_backward(context(), activation, x, y, dy, dy);
        EXPECT_EQ(dy.values(), dx.values());
        activation_forward(context(), activation, x, x);
        EXPECT_EQ(x.values(), y.values());
    }
}

TEST_P(ActivationTest, NoGradientAtZeroOfRelu) {
    TestTensor x(context(), {40});
    TestTensor dy(context(), {40});
    TestTensor dx(context(), {40});
    x.assign(std::vector<float>(40, 0));
    dy.assign(std::vector<float>(40, std::numeric_limits<float>::infinity()));
    activation_backward(context(), Activation::relu, {}, x, dy, dx);
    EXPECT_EQ(dx.values(), std::vector<float>(40, 0));
}

// A diverged network must not look healthy behind a relu.
TEST_P(ActivationTest, NanStaysNan) {
    for (const Activation activation : all_activations()) {
        TestTensor x(context(), {40});  // NaN
        activation_forward(context(), activation, x, x);
        for (const float value : x.values()) EXPECT_TRUE(std::isnan(value)) << to_string(activation);
    }
}

TEST_P(ActivationTest, FarValuesStayFinite) {
    for (const Activation activation : all_activations()) {
        SCOPED_TRACE(to_string(activation));
        TestTensor x(context(), {2});
        TestTensor y(context(), {2});
        TestTensor dx(context(), {2});
        x.assign(std::vector<float>{-1e4F, 1e4F});
        activation_forward(context(), activation, x, y);
        activation_backward(context(), activation, x, y, x, dx);
        for (const auto& values : {y.values(), dx.values()}) {
            for (const float value : values) EXPECT_TRUE(std::isfinite(value)) << value;
        }
    }
}

TEST_P(ActivationTest, RejectsWhatDoesNotFit) {
    TestTensor four(context(), {4});
    TestTensor five(context(), {5});
    EXPECT_THROW(activation_forward(context(), Activation::relu, four, five), InvalidArgument);
    EXPECT_THROW(activation_backward(context(), Activation::relu, {}, four, five, four), InvalidArgument);
    EXPECT_THROW(activation_backward(context(), Activation::gelu, {}, four, four, four), InvalidArgument);
    EXPECT_THROW(activation_backward(context(), Activation::tanh, four, {}, four, four), InvalidArgument);
}

TEST(Activation, HasANameEach) {
    std::set<std::string_view> names;
    for (const Activation activation : all_activations()) names.insert(to_string(activation));
    EXPECT_EQ(names.size(), 10U);
}

}  // namespace
}  // namespace kickdrum
