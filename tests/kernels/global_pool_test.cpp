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
        std::vector<double> mean(static_cast<std::size_t>(n * c), 0);
        std::vector<double> gradient;
        for (std::int64_t e = 0; e < shape.count(); ++e) {
            const std::int64_t at = e / (cells * c) * c + e % c;
            const auto share = 1 / static_cast<double>(cells);
            mean[static_cast<std::size_t>(at)] += static_cast<double>(src.tensor().f32()[e]) * share;
            gradient.push_back(static_cast<double>(diff_dst.tensor().f32()[at]) * share);
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
        src.randomize("src");
        for (std::int64_t i = 0; i < shape.count(); ++i) {
            src.tensor().f32()[i] = std::round(src.tensor().f32()[i] * 2);  // ties: the first wins
        }
        diff_dst.randomize("diff_dst");
        global_pool_forward(context(), PoolKind::max, src, dst, winner);
        global_pool_backward(context(), PoolKind::max, diff_dst, winner, diff_src);
        std::vector<double> gradient(static_cast<std::size_t>(shape.count()), 0);
        for (std::int64_t at = 0; at < n * c; ++at) {
            const float* values = src.tensor().f32() + at / c * cells * c + at % c;
            std::int64_t best = 0;
            for (std::int64_t cell = 1; cell < cells; ++cell) {
                if (values[cell * c] > values[best * c]) best = cell;
            }
            EXPECT_EQ(dst.tensor().f32()[at], values[best * c]);
            EXPECT_EQ(winner.tensor().i32()[at], best);
            gradient[static_cast<std::size_t>((at / c * cells + best) * c + at % c)] =
                static_cast<double>(diff_dst.tensor().f32()[at]);
        }
        EXPECT_EQ(relative_error(diff_src.values(), gradient), 0);
    }
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
