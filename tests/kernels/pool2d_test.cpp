// SPDX-License-Identifier: MIT
#include "kernels/ops/pool2d.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/support/device_test.h"
#include "tests/support/test_tensor.h"

namespace kickdrum {
namespace {

class Pool2dTest : public DeviceTest {};
INSTANTIATE_FOR_DEVICES(Pool2dTest);

struct Reference {
    std::vector<double> dst;
    std::vector<std::int32_t> winner;
    std::vector<double> diff_src;
};

// One axis' first cell of a window; padding by the rule of Keras, written down once more.
std::int64_t window_start(std::int64_t index, std::int64_t n, std::int64_t out, int size, int stride,
                          Padding padding) {
    const std::int64_t total =
        padding == Padding::same ? std::max<std::int64_t>((out - 1) * stride + size - n, 0) : 0;
    return index * stride - total / 2;
}

// Window by window, cell by cell.
Reference reference(const Shape& src_shape, const Shape& dst_shape, const Pool2dSpec& spec,
                    const std::vector<float>& src, const std::vector<float>& diff_dst) {
    Reference result;
    result.diff_src.assign(src.size(), 0);
    const std::int64_t h = src_shape[1], w = src_shape[2], c = src_shape[3];
    for (std::int64_t e = 0; e < dst_shape.count(); ++e) {
        const std::int64_t k = e % c, q = e / c % dst_shape[2], p = e / c / dst_shape[2] % dst_shape[1];
        const std::int64_t n = e / c / dst_shape[2] / dst_shape[1];
        const std::int64_t top = window_start(p, h, dst_shape[1], spec.size.h, spec.stride.h, spec.padding);
        const std::int64_t left = window_start(q, w, dst_shape[2], spec.size.w, spec.stride.w, spec.padding);
        std::vector<std::size_t> cells;
        std::vector<std::int32_t> numbers;
        for (int r = 0; r < spec.size.h; ++r) {
            for (int s = 0; s < spec.size.w; ++s) {
                if (top + r < 0 || top + r >= h || left + s < 0 || left + s >= w) continue;
                cells.push_back(static_cast<std::size_t>(((n * h + top + r) * w + left + s) * c + k));
                numbers.push_back(r * spec.size.w + s);
            }
        }
        std::size_t best = 0;
        double sum = 0;
        for (std::size_t i = 0; i < cells.size(); ++i) {
            sum += static_cast<double>(src[cells[i]]);
            if (src[cells[i]] > src[cells[best]]) best = i;
        }
        const auto gradient = static_cast<double>(diff_dst[static_cast<std::size_t>(e)]);
        const auto count = static_cast<double>(cells.size());
        if (spec.kind == PoolKind::max) {
            result.dst.push_back(static_cast<double>(src[cells[best]]));
            result.winner.push_back(numbers[best]);
            result.diff_src[cells[best]] += gradient;
        } else {
            result.dst.push_back(sum / count);
            for (const auto cell : cells) result.diff_src[cell] += gradient / count;
        }
    }
    return result;
}

struct Case {
    Shape src;
    Pool2dSpec spec;
};

const std::vector<Case>& cases() {
    constexpr auto kMax = PoolKind::max;
    constexpr auto kAverage = PoolKind::average;
    constexpr auto kSame = Padding::same;
    static const std::vector<Case> all = {
        {{2, 8, 6, 32}, {kMax}},
        {{3, 9, 7, 5}, {kMax}},  // an odd last row and column, few channels
        {{1, 4, 4, 1}, {kMax}},
        {{2, 5, 6, 20}, {kMax, {2, 2}, {2, 2}, kSame}},  // a window that sticks out
        {{2, 6, 8, 33}, {kMax, {2, 2}, {2, 2}, kSame}},
        {{2, 9, 10, 17}, {kMax, {3, 3}, {2, 2}}},
        {{2, 9, 10, 16}, {kMax, {3, 3}, {2, 2}, kSame}},
        {{1, 7, 11, 9}, {kMax, {2, 4}, {3, 1}, kSame}},
        {{1, 9, 9, 4}, {kMax, {1, 1}, {3, 2}}},  // cells that no window covers
        {{1, 5, 4, 3}, {kMax, {5, 4}, {1, 1}}},
        {{2, 8, 6, 32}, {kAverage}},
        {{2, 9, 7, 5}, {kAverage, {3, 2}, {2, 1}, kSame}},
        {{1, 6, 6, 10}, {kAverage, {2, 2}, {3, 3}}},
    };
    return all;
}

std::string describe(const Case& c) {
    return fmt::format("{} window {}x{} stride {}x{} {}", to_string(c.src), c.spec.size.h, c.spec.size.w,
                       c.spec.stride.h, c.spec.stride.w, to_string(c.spec.padding));
}

struct Problem {
    Problem(Context& context, const Case& c, DType dtype = DType::f32)
        : dst_shape(pool2d_dst_shape(c.src, c.spec)),
          src(context, c.src, dtype),
          diff_src(context, c.src, dtype),
          dst(context, dst_shape, dtype),
          diff_dst(context, dst_shape, dtype),
          winner(context, dst_shape, DType::i32),
          pool(make_pool2d(context, c.src, c.spec)) {
        // Equal values, so that there are ties.
        auto values = src.randomize("src").values();
        for (auto& value : values) value = std::round(value * 2) / 2;
        src.assign(values);
        diff_dst.randomize("diff_dst");
    }
    void run(Context& context) {
        pool->forward(context, src, dst, winner);
        pool->backward(context, diff_dst, winner, diff_src);
    }

    Shape dst_shape;
    TestTensor src;
    TestTensor diff_src;
    TestTensor dst;
    TestTensor diff_dst;
    TestTensor winner;
    std::unique_ptr<Pool2d> pool;
};

TEST_P(Pool2dTest, MatchesReference) {
    for (const Case& c : cases()) {
        SCOPED_TRACE(describe(c));
        Problem problem(context(), c);
        problem.run(context());
        const Reference expected =
            reference(c.src, problem.dst_shape, c.spec, problem.src.values(), problem.diff_dst.values());
        EXPECT_LT(relative_error(problem.dst.values(), expected.dst), 2e-7);
        EXPECT_LT(relative_error(problem.diff_src.values(), expected.diff_src), 5e-7);
        if (c.spec.kind == PoolKind::max) {
            EXPECT_EQ(problem.winner.integers(), expected.winner);
        }
    }
}

// Rounded once, to 8 bits: half a unit in the last place is 1/256 of a number at most.
TEST_P(Pool2dTest, PoolsBf16OnCuda) {
    if (on_cpu()) GTEST_SKIP() << "the CPU has no bf16";
    for (const Case& c : cases()) {
        SCOPED_TRACE(describe(c));
        Problem problem(context(), c, DType::bf16);
        problem.run(context());
        const Reference expected =
            reference(c.src, problem.dst_shape, c.spec, problem.src.values(), problem.diff_dst.values());
        EXPECT_LT(relative_error(problem.dst.values(), expected.dst), 1.01 / 256);
        EXPECT_LT(relative_error(problem.diff_src.values(), expected.diff_src), 1.01 / 256);
        if (c.spec.kind == PoolKind::max) {
            EXPECT_EQ(problem.winner.integers(), expected.winner);
        }
    }
}

TEST_P(Pool2dTest, TakesFewerClipsThanPlanned) {
    for (const Case& c : cases()) {
        if (c.src[0] < 2) continue;
        SCOPED_TRACE(describe(c));
        Problem problem(context(), c);
        problem.run(context());
        const auto dst = problem.dst.values();
        const auto diff_src = problem.diff_src.values();
        TestTensor one_dst(context(), problem.dst_shape.with_rows(1));
        TestTensor one_diff_src(context(), c.src.with_rows(1));
        const Tensor winner = problem.winner.tensor().first_rows(1);
        problem.pool->forward(context(), problem.src.tensor().first_rows(1), one_dst, winner);
        problem.pool->backward(context(), problem.diff_dst.tensor().first_rows(1), winner, one_diff_src);
        EXPECT_EQ(one_dst.values(),
                  std::vector<float>(dst.begin(), dst.begin() + problem.dst_shape.row_count()));
        EXPECT_EQ(one_diff_src.values(),
                  std::vector<float>(diff_src.begin(), diff_src.begin() + c.src.row_count()));
    }
}

TEST_P(Pool2dTest, TheFirstNanWins) {
    for (const int stride : {1, 2}) {
        TestTensor src(context(), {1, 2, 2, 40});
        TestTensor dst(context(), {1, 1, 1, 40});
        TestTensor winner(context(), {1, 1, 1, 40}, DType::i32);
        auto values = src.randomize("src").values();
        for (std::size_t k = 0; k < 40; ++k) {
            values[40 + k] = std::numeric_limits<float>::quiet_NaN();
            values[120 + k] = std::numeric_limits<float>::quiet_NaN();
        }
        src.assign(values);
        const auto pool = make_pool2d(context(), src.tensor().shape, {.stride = {stride, stride}});
        pool->forward(context(), src, dst, winner);
        for (const float value : dst.values()) EXPECT_TRUE(std::isnan(value));
        EXPECT_EQ(winner.integers(), std::vector<std::int32_t>(40, 1));
    }
}

TEST_P(Pool2dTest, SameBitsForEveryNumberOfThreadsAndNoAllocation) {
    for (const Case& c : cases()) {
        SCOPED_TRACE(describe(c));
        std::vector<float> dst;
        std::vector<float> diff_src;
        for (const int threads : {1, 2, 3}) {
            const auto other = make_context(threads);
            Problem problem(*other, c);
            other->freeze();
            problem.run(*other);
            problem.run(*other);
            if (dst.empty()) {
                dst = problem.dst.values();
                diff_src = problem.diff_src.values();
            }
            EXPECT_EQ(problem.dst.values(), dst);
            EXPECT_EQ(problem.diff_src.values(), diff_src);
        }
    }
}

TEST_P(Pool2dTest, RejectsWhatDoesNotFit) {
    const Case c = {{2, 6, 6, 3}, {}};
    Problem problem(context(), c);
    TestTensor wrong(context(), {2, 3, 3, 4});
    TestTensor more(context(), {3, 6, 6, 3});
    EXPECT_THROW(problem.pool->forward(context(), problem.src, wrong, problem.winner), InvalidArgument);
    EXPECT_THROW(problem.pool->forward(context(), more, problem.dst, problem.winner), InvalidArgument);
    EXPECT_THROW(problem.pool->forward(context(), problem.src, problem.dst, {}), InvalidArgument);
    EXPECT_THROW(problem.pool->forward(context(), {}, problem.dst, problem.winner), InvalidArgument);
    EXPECT_THROW(problem.pool->backward(context(), wrong, problem.winner, problem.diff_src), InvalidArgument);
    EXPECT_THROW(problem.pool->backward(context(), problem.diff_dst, problem.winner, more), InvalidArgument);
}

std::string message_of(const Shape& src, const Pool2dSpec& spec) {
    try {
        pool2d_dst_shape(src, spec);
    } catch (const InvalidArgument& error) {
        return error.what();
    }
    return "";
}

TEST(Pool2dShape, FollowsKeras) {
    // 300 -> 150 -> 75 -> 37 -> 18 -> 9 -> 4: the odd row is dropped.
    Shape shape = {1, 300, 300, 8};
    for (const int side : {150, 75, 37, 18, 9, 4}) {
        shape = pool2d_dst_shape(shape, {});
        EXPECT_EQ(shape, (Shape{1, side, side, 8}));
    }
    EXPECT_EQ(pool2d_dst_shape({1, 75, 74, 1}, {.padding = Padding::same}), (Shape{1, 38, 37, 1}));
}

TEST(Pool2dShape, SaysWhatDoesNotFit) {
    EXPECT_THAT(message_of({1, 3, 3, 8}, {.size = {4, 4}}),
                testing::HasSubstr("max_pool2d: window 4x4 is larger than its input 3x3"));
    EXPECT_THAT(message_of({1, 3, 3, 8}, {.kind = PoolKind::average, .size = {0, 4}}),
                testing::HasSubstr("average_pool2d: a window of 0x4"));
    EXPECT_THAT(message_of({1, 3, 3, 8}, {.stride = {0, 1}}), testing::HasSubstr("a stride of 0x1"));
    EXPECT_THAT(message_of({3, 8}, {}), testing::HasSubstr("4 axes"));
}

}  // namespace
}  // namespace kickdrum
