// SPDX-License-Identifier: MIT
#include "kernels/ops/global_pool.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/device_test.h"
#include "tests/support/test_tensor.h"

namespace kickdrum {
namespace {

class GlobalPoolTest : public DeviceTest {};
INSTANTIATE_FOR_DEVICES(GlobalPoolTest);

const Shape kShapes[] = {{3, 5, 7, 12}, {1, 1, 1, 1}, {2, 16, 9, 130}, {2, 3, 3, 65}};

TEST_P(GlobalPoolTest, AverageMatchesReference) {
    for (const Shape& shape : kShapes) {
        SCOPED_TRACE(to_string(shape));
        const std::int64_t n = shape[0], cells = shape[1] * shape[2], c = shape[3];
        TestTensor src(context(), shape);
        TestTensor dst(context(), {n, c});
        TestTensor diff_dst(context(), {n, c});
        TestTensor diff_src(context(), shape);
        src.randomize("src");
        diff_dst.randomize("diff_dst");
        global_pool_forward(context(), PoolKind::average, src, dst, {});
        global_pool_backward(context(), PoolKind::average, diff_dst, {}, diff_src);
        const auto values = src.values();
        const auto gradients = diff_dst.values();
        std::vector<double> mean(static_cast<std::size_t>(n * c), 0);
        std::vector<double> gradient;
        for (std::int64_t e = 0; e < shape.count(); ++e) {
            const auto at = static_cast<std::size_t>(e / (cells * c) * c + e % c);
            const auto share = 1 / static_cast<double>(cells);
            mean[at] += static_cast<double>(values[static_cast<std::size_t>(e)]) * share;
            gradient.push_back(static_cast<double>(gradients[at]) * share);
        }
        EXPECT_LT(relative_error(dst.values(), mean), 2e-7);
        EXPECT_LT(relative_error(diff_src.values(), gradient), 2e-7);
    }
}

TEST_P(GlobalPoolTest, MaximumMatchesReference) {
    for (const Shape& shape : kShapes) {
        SCOPED_TRACE(to_string(shape));
        const std::int64_t n = shape[0], cells = shape[1] * shape[2], c = shape[3];
        TestTensor src(context(), shape);
        TestTensor dst(context(), {n, c});
        TestTensor winner(context(), {n, c}, DType::i32);
        TestTensor diff_dst(context(), {n, c});
        TestTensor diff_src(context(), shape);
        auto cells_of_src = src.randomize("src").values();
        for (auto& value : cells_of_src) value = std::round(value * 2);  // ties: the first wins
        src.assign(cells_of_src);
        diff_dst.randomize("diff_dst");
        global_pool_forward(context(), PoolKind::max, src, dst, winner);
        global_pool_backward(context(), PoolKind::max, diff_dst, winner, diff_src);
        std::vector<double> gradient(static_cast<std::size_t>(shape.count()), 0);
        std::vector<float> maxima;
        std::vector<std::int32_t> winners;
        const auto gradients = diff_dst.values();
        for (std::int64_t at = 0; at < n * c; ++at) {
            const float* values = cells_of_src.data() + at / c * cells * c + at % c;
            std::int64_t best = 0;
            for (std::int64_t cell = 1; cell < cells; ++cell) {
                if (values[cell * c] > values[best * c]) best = cell;
            }
            maxima.push_back(values[best * c]);
            winners.push_back(static_cast<std::int32_t>(best));
            gradient[static_cast<std::size_t>((at / c * cells + best) * c + at % c)] =
                static_cast<double>(gradients[static_cast<std::size_t>(at)]);
        }
        EXPECT_EQ(dst.values(), maxima);
        EXPECT_EQ(winner.integers(), winners);
        EXPECT_EQ(relative_error(diff_src.values(), gradient), 0);
    }
}

// What the f32 version gives for the same numbers, rounded once.
TEST_P(GlobalPoolTest, PoolsBf16OnCuda) {
    if (on_cpu()) GTEST_SKIP() << "the CPU has no bf16";
    for (const PoolKind kind : {PoolKind::max, PoolKind::average}) {
        std::vector<std::vector<float>> results[2];
        for (const DType dtype : {DType::f32, DType::bf16}) {
            TestTensor src(context(), {2, 3, 7, 34}, dtype);
            TestTensor dst(context(), {2, 34}, dtype);
            TestTensor winner(context(), {2, 34}, DType::i32);
            TestTensor diff_dst(context(), {2, 34}, dtype);
            TestTensor diff_src(context(), {2, 3, 7, 34}, dtype);
            for (TestTensor* tensor : {&src, &diff_dst}) {
                auto values = tensor->randomize("values").values();
                for (auto& value : values) value = round_to_bf16(value);
                tensor->assign(values);
            }
            global_pool_forward(context(), kind, src, dst, winner);
            global_pool_backward(context(), kind, diff_dst, winner, diff_src);
            for (auto values : {dst.values(), diff_src.values()}) {
                for (auto& value : values) value = round_to_bf16(value);
                results[dtype == DType::bf16 ? 1 : 0].push_back(values);
            }
        }
        EXPECT_EQ(results[1], results[0]);
    }
}

TEST_P(GlobalPoolTest, TheFirstNanWins) {
    TestTensor src(context(), {1, 30, 30, 3});
    TestTensor dst(context(), {1, 3});
    TestTensor winner(context(), {1, 3}, DType::i32);
    auto values = src.randomize("src").values();
    for (const std::size_t cell : {899U, 411U, 412U}) values[cell * 3 + 1] = std::nanf("");
    src.assign(values);
    global_pool_forward(context(), PoolKind::max, src, dst, winner);
    const auto maxima = dst.values();
    EXPECT_TRUE(!std::isnan(maxima[0]) && std::isnan(maxima[1]) && !std::isnan(maxima[2]));
    EXPECT_EQ(winner.integers()[1], 411);
}

TEST_P(GlobalPoolTest, SameBitsForEveryNumberOfThreadsAndNoAllocation) {
    TestTensor src(context(), {3, 9, 9, 70});
    TestTensor dst(context(), {3, 70});
    src.randomize("src");
    global_pool_forward(context(), PoolKind::average, src, dst, {});
    const auto expected = dst.values();
    for (const int threads : {1, 2, 3}) {
        const auto other = make_context(threads);
        other->freeze();
        global_pool_forward(*other, PoolKind::average, src, dst, {});
        EXPECT_EQ(dst.values(), expected);
    }
}

TEST_P(GlobalPoolTest, RejectsWhatDoesNotFit) {
    TestTensor src(context(), {2, 3, 3, 4});
    TestTensor dst(context(), {2, 4});
    TestTensor wrong(context(), {2, 5});
    EXPECT_THROW(global_pool_forward(context(), PoolKind::average, src, wrong, {}), InvalidArgument);
    EXPECT_THROW(global_pool_forward(context(), PoolKind::max, src, dst, {}), InvalidArgument);
    EXPECT_THROW(global_pool_forward(context(), PoolKind::average, dst, dst, {}), InvalidArgument);
    EXPECT_THROW(global_pool_backward(context(), PoolKind::average, wrong, {}, src), InvalidArgument);
}

}  // namespace
}  // namespace kickdrum
