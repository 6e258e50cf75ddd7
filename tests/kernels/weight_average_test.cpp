// SPDX-License-Identifier: MIT
#include "kernels/ops/weight_average.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "tests/support/device_test.h"
#include "tests/support/test_tensor.h"

namespace kickdrum {
namespace {

class WeightAverageTest : public DeviceTest {};
INSTANTIATE_FOR_DEVICES(WeightAverageTest);

// In double precision, over steps of which the first ones keep less than the decay says; the average begins
// with NaN, which must not count. Sizes: less than a vector, and more than a chunk with a rest.
TEST_P(WeightAverageTest, FollowsTheFormula) {
    for (const std::int64_t count : {3, 20011}) {
        TestTensor values(context(), {count});
        TestTensor average(context(), {count});
        TestState state(context());
        std::vector<double> expected(static_cast<std::size_t>(count));
        for (int t = 0; t < 12; ++t) {
            values.randomize("step " + std::to_string(t));
            state.set({.step = static_cast<std::uint64_t>(t)});
            update_average(context(), 0.4, state, values, average);
            const double kept = t == 0 ? 0 : std::min(0.4, (1.0 + t) / (10.0 + t));
            const auto drawn = values.values();
            for (std::size_t i = 0; i < expected.size(); ++i)
                expected[i] = kept * expected[i] + (1 - kept) * static_cast<double>(drawn[i]);
            EXPECT_LT(relative_error(average.values(), expected), 1e-6) << count << " at step " << t;
        }
    }
}

TEST_P(WeightAverageTest, SwapsAlsoWhereVectorsDoNotFit) {
    for (const std::int64_t count : {std::int64_t{5}, std::int64_t{20011}}) {
        for (const std::int64_t first : {0, 1}) {
            TestTensor a(context(), {count}), b(context(), {count});
            a.randomize("a");
            b.randomize("b");
            const auto old_a = a.values();
            const auto old_b = b.values();
            const auto from = [&](const TestTensor& all) {
                Tensor view = all;
                view.data = view.f32() + first;
                view.shape = {count - first};
                return view;
            };
            swap_weights(context(), from(a), from(b));
            auto expected_a = old_b;
            auto expected_b = old_a;
            if (first == 1) std::swap(expected_a[0], expected_b[0]);
            EXPECT_EQ(a.values(), expected_a);
            EXPECT_EQ(b.values(), expected_b);
        }
    }
}

TEST_P(WeightAverageTest, TheShadowFollows) {
    if (on_cpu()) GTEST_SKIP() << "the CPU has no bf16";
    TestTensor a(context(), {1003}), b(context(), {1003}), shadow(context(), {1003}, DType::bf16);
    a.randomize("a");
    b.randomize("b");
    swap_weights(context(), a, b, shadow);
    const auto values = a.values();
    const auto rounded = shadow.values();
    for (std::size_t i = 0; i < values.size(); ++i) ASSERT_EQ(rounded[i], round_to_bf16(values[i])) << i;
}

TEST_P(WeightAverageTest, RejectsWhatDoesNotFit) {
    TestTensor a(context(), {4}), five(context(), {5});
    TestState state(context());
    for (const double decay : {0.0, 1.0, -0.5, std::numeric_limits<double>::quiet_NaN()})
        EXPECT_THROW(update_average(context(), decay, state, a, a), InvalidArgument) << decay;
    EXPECT_THROW(update_average(context(), 0.9, nullptr, a, a), InvalidArgument);
    EXPECT_THROW(update_average(context(), 0.9, state, a, five), InvalidArgument);
    EXPECT_THROW(swap_weights(context(), a, five), InvalidArgument);
}

}  // namespace
}  // namespace kickdrum
