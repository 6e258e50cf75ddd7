// SPDX-License-Identifier: MIT
#include "kernels/ops/conv_block.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "tests/support/conv_weights.h"
#include "tests/support/device_test.h"
#include "tests/support/naive_conv.h"
#include "tests/support/test_tensor.h"

namespace kickdrum {
namespace {

class ConvBlockTest : public DeviceTest {};
INSTANTIATE_FOR_DEVICES(ConvBlockTest);

struct Case {
    Shape src;
    ConvBlockSpec spec;
    std::string_view algorithm;  // of the CPU; CUDA's is "fused" up to 4 channels in
};

const std::vector<Case>& cases() {
    constexpr auto kValid = Padding::valid;
    static const std::vector<Case> all = {
        {{2, 16, 12, 1}, {.channels_out = 32}, "direct"},
        {{3, 9, 11, 1}, {.channels_out = 5}, "direct"},  // an odd last row and column
        {{2, 11, 20, 1}, {.channels_out = 40, .padding = kValid}, "direct"},
        {{1, 2, 2, 1}, {.channels_out = 3}, "direct"},
        {{1, 4, 5, 1}, {.channels_out = 16, .padding = kValid}, "direct"},
        {{520, 2, 2, 1}, {.channels_out = 3}, "direct"},  // more tiles than partial sums on CUDA
        {{2, 21, 35, 3}, {.channels_out = 37}, "winograd_4x4"},
        {{2, 5, 40, 4}, {.channels_out = 8, .padding = kValid}, "winograd_4x4"},
        {{2, 16, 16, 32}, {.channels_out = 64}, "winograd_4x4"},
        {{3, 9, 11, 20}, {.channels_out = 33}, "winograd_4x4"},
        {{2, 13, 10, 12}, {.channels_out = 72, .padding = kValid}, "winograd_4x4"},
        {{1, 2, 3, 2}, {.channels_out = 3}, "winograd_4x4"},
        {{1, 6, 71, 5}, {.channels_out = 9}, "winograd_4x4"},  // wider than the windows that are met together
        {{19, 6, 6, 8}, {.channels_out = 8, .padding = kValid}, "winograd_4x4"},
    };
    return all;
}

std::string describe(const Case& c) {
    return fmt::format("{} -> {}, {}", to_string(c.src), c.spec.channels_out, to_string(c.spec.padding));
}

NaiveConv naive_of(const Case& c) {
    return {c.src, {.channels_out = c.spec.channels_out, .padding = c.spec.padding}};
}

struct Problem {
    Problem(Context& context, const Case& c)
        : block(make_conv_block(context, c.src, c.spec)),
          src(context, c.src, context.activation_dtype()),
          diff_src(context, c.src, context.activation_dtype()),
          weights(context, conv_block_weights_shape(c.src, c.spec), context.activation_dtype()),
          diff_weights(context, conv_block_weights_shape(c.src, c.spec)),
          bias(context, Shape{c.spec.channels_out}),
          diff_bias(context, Shape{c.spec.channels_out}),
          dst(context, conv_block_dst_shape(c.src, c.spec), context.activation_dtype()),
          diff_dst(context, conv_block_dst_shape(c.src, c.spec), context.activation_dtype()),
          winner(context, conv_block_dst_shape(c.src, c.spec), DType::u8),
          scratch(context, Shape{static_cast<std::int64_t>(block->scratch_bytes()) + 1}, DType::u8) {
        src.randomize("src");
        weights.randomize("weights", 0.3F);
        bias.randomize("bias");
        diff_dst.randomize("diff_dst");
        scratch.assign(std::vector<std::uint8_t>(scratch.tensor().bytes(), 0xff));  // NaN, should it be read
    }
    void run(Context& context) const {
        block->forward(context, src, weights, bias, dst, winner, scratch);
        block->backward(context, src, diff_dst, winner, weights, diff_weights, diff_bias, diff_src, scratch);
    }

    std::unique_ptr<ConvBlock> block;
    TestTensor src, diff_src, weights, diff_weights, bias, diff_bias, dst, diff_dst, winner, scratch;
};

// The four places of output `e`'s window in the convolution's image, in row-major order.
std::array<std::size_t, 4> window(const Shape& conv, const Shape& dst, std::int64_t e) {
    const std::int64_t k = e % dst[3], j = e / dst[3] % dst[2], i = e / dst[3] / dst[2] % dst[1];
    const std::int64_t n =
        e / dst.row_count();  // NOLINT(clang-analyzer-core.DivideZero): no shape here is empty
    std::array<std::size_t, 4> places{};
    for (std::int64_t place = 0; place < 4; ++place) {
        const std::int64_t row = 2 * i + place / 2, column = 2 * j + place % 2;
        places[static_cast<std::size_t>(place)] =
            static_cast<std::size_t>(((n * conv[1] + row) * conv[2] + column) * conv[3] + k);
    }
    return places;
}

// The winner may differ from the reference's where two values are closer than rounding: it has to be one of
// the largest.
void expect_winners(const Problem& problem, const Case& c, const std::vector<double>& z, double tolerance) {
    const NaiveConv naive = naive_of(c);
    double magnitude = 0;
    for (const double value : z) magnitude = std::max(magnitude, std::abs(value));
    const auto winners = problem.winner.bytes();
    std::vector<double> expected;
    for (std::size_t e = 0; e < winners.size(); ++e) {
        const auto places = window(naive.dst, problem.dst.tensor().shape, static_cast<std::int64_t>(e));
        double best = z[places[0]];
        for (const auto place : places) best = std::max(best, z[place]);
        expected.push_back(std::max(best, 0.0));
        ASSERT_LE(winners[e], 4);
        const double chosen = winners[e] == 4 ? 0.0 : z[places[winners[e]]];
        ASSERT_LT(std::abs(chosen - std::max(best, 0.0)), tolerance * magnitude) << "output " << e;
    }
    EXPECT_LT(relative_error(problem.dst.values(), expected), tolerance);
}

// The gradient by the convolution's image: what the pooling hands back to the winners.
std::vector<double> gradient_of_image(const Problem& problem, const Case& c) {
    const NaiveConv naive = naive_of(c);
    std::vector<double> gradient(static_cast<std::size_t>(naive.dst.count()));
    const auto winners = problem.winner.bytes();
    const auto diff_dst = problem.diff_dst.values();
    for (std::size_t e = 0; e < winners.size(); ++e) {
        if (winners[e] == 4) continue;
        const auto places = window(naive.dst, problem.dst.tensor().shape, static_cast<std::int64_t>(e));
        gradient[places[winners[e]]] += static_cast<double>(diff_dst[e]);
    }
    return gradient;
}

void expect_reference(Context& context, const Case& c) {
    Problem problem(context, c);
    const bool fused = std::string(problem.block->implementation()) == "fused";
    if (context.device() == Device::cpu) {
        EXPECT_THAT(std::string(problem.block->implementation()),
                    testing::StartsWith(std::string(c.algorithm)));
    } else {
        EXPECT_EQ(fused, c.src[3] <= 4);
    }
    problem.run(context);
    const NaiveConv naive = naive_of(c);
    const auto weights = hwio_values(problem.weights);
    const double tolerance = result_tolerance(context);
    expect_winners(problem, c, naive.forward(problem.src.values(), weights, problem.bias.values()),
                   tolerance);
    const auto gradient = gradient_of_image(problem, c);
    EXPECT_LT(relative_error(problem.diff_src.values(), naive.backward_src(gradient, weights)), tolerance);
    EXPECT_LT(relative_error(hwio_values(problem.diff_weights),
                             naive.backward_weights(problem.src.values(), gradient)),
              fused ? kConvTolerance : tolerance);
    EXPECT_LT(relative_error(problem.diff_bias.values(), naive.backward_bias(gradient)), kConvTolerance);
}

TEST_P(ConvBlockTest, MatchesReference) {
    for (const Case& c : cases()) {
        SCOPED_TRACE(describe(c));
        expect_reference(context(), c);
    }
}

TEST_P(ConvBlockTest, MatchesReferenceInBf16) {
    if (on_cpu()) GTEST_SKIP() << "the CPU computes in fp32 only";
    const auto bf16 = make_context(2, Math::bf16);
    for (const Case& c : cases()) {
        SCOPED_TRACE(describe(c));
        expect_reference(*bf16, c);
    }
}

TEST_P(ConvBlockTest, GivesTheSameWeightGradientWithoutTheDataGradient) {
    for (const Case& c : cases()) {
        SCOPED_TRACE(describe(c));
        Problem problem(context(), c);
        problem.run(context());
        const auto diff_weights = problem.diff_weights.values();
        const auto diff_bias = problem.diff_bias.values();
        const auto diff_src = problem.diff_src.values();
        problem.block->backward(context(), problem.src, problem.diff_dst, problem.winner, problem.weights,
                                problem.diff_weights, problem.diff_bias, {}, problem.scratch);
        EXPECT_EQ(problem.diff_weights.values(), diff_weights);
        EXPECT_EQ(problem.diff_bias.values(), diff_bias);
        EXPECT_EQ(problem.diff_src.values(), diff_src);
    }
}

TEST_P(ConvBlockTest, AllNegativeGivesZeroAndNoGradient) {
    for (const Case& c : cases()) {
        SCOPED_TRACE(describe(c));
        Problem problem(context(), c);
        problem.bias.assign(std::vector<float>(static_cast<std::size_t>(c.spec.channels_out), -1000.0F));
        problem.run(context());
        EXPECT_THAT(problem.dst.values(), testing::Each(0.0F));
        EXPECT_THAT(problem.winner.bytes(), testing::Each(4));
        EXPECT_THAT(problem.diff_src.values(), testing::Each(0.0F));
        EXPECT_THAT(problem.diff_weights.values(), testing::Each(0.0F));
        EXPECT_THAT(problem.diff_bias.values(), testing::Each(0.0F));
    }
}

// A constant image: every value of a window is the same, in the same bits only where no rounding is involved.
TEST_P(ConvBlockTest, TheFirstOfEqualsWins) {
    const Case c = {{1, 8, 8, 1}, {.channels_out = 6, .padding = Padding::valid}, "direct"};
    Problem problem(context(), c);
    problem.src.assign(std::vector<float>(64, 1.0F));
    problem.bias.assign(std::vector<float>(6, 100.0F));
    problem.run(context());
    EXPECT_THAT(problem.winner.bytes(), testing::Each(0));
}

TEST_P(ConvBlockTest, TakesFewerClipsThanPlanned) {
    for (const Case& c : cases()) {
        if (c.src[0] < 2) continue;
        SCOPED_TRACE(describe(c));
        Problem whole(context(), c);
        whole.run(context());
        const std::int64_t rows = c.src[0] - 1;
        TestTensor dst(context(), whole.dst.tensor().shape.with_rows(rows));
        TestTensor diff_src(context(), c.src.with_rows(rows));
        TestTensor winner(context(), dst.tensor().shape, DType::u8);
        ConvBlock& block = *whole.block;
        const Tensor src = whole.src.tensor().first_rows(rows);
        const Tensor diff_dst = whole.diff_dst.tensor().first_rows(rows);
        block.forward(context(), src, whole.weights, whole.bias, dst, winner, whole.scratch);
        block.backward(context(), src, diff_dst, winner, whole.weights, whole.diff_weights, whole.diff_bias,
                       diff_src, whole.scratch);
        const auto all = whole.dst.values();
        const auto all_diff = whole.diff_src.values();
        // On CUDA the library may take another algorithm for another number of clips.
        const double tolerance = on_cpu() ? 0 : kConvTolerance;
        EXPECT_LE(relative_error(dst.values(), {all.begin(), all.begin() + dst.tensor().count()}), tolerance);
        EXPECT_LE(relative_error(diff_src.values(),
                                 {all_diff.begin(), all_diff.begin() + diff_src.tensor().count()}),
                  tolerance);
        auto gradient = gradient_of_image(whole, c);
        const NaiveConv naive = naive_of({c.src.with_rows(rows), c.spec, {}});
        gradient.resize(static_cast<std::size_t>(naive.dst.count()));
        EXPECT_LT(relative_error(hwio_values(whole.diff_weights),
                                 naive.backward_weights(whole.src.values(), gradient)),
                  kConvTolerance);
    }
}

// A batch as rows of a dataset gives the bits of the gathered batch. The numbers are in bf16, so that
// gathering rounds nothing.
void expect_rows_equal_gathered(Context& context, const Case& c) {
    Problem gathered(context, c);
    TestTensor dataset(context, c.src.with_rows(7));
    std::vector<float> values = dataset.randomize("dataset").values();
    for (float& value : values) value = round_to_bf16(value);
    dataset.assign(values);
    const std::vector<std::int32_t> which{6, 0, 6, 3};
    std::vector<float> batch;
    TestTensor rows(context, {c.src[0]}, DType::i32);
    rows.assign(std::vector<std::int32_t>(which.begin(), which.begin() + c.src[0]));
    for (std::int64_t clip = 0; clip < c.src[0]; ++clip) {
        const auto first = values.begin() + which[static_cast<std::size_t>(clip)] * c.src.row_count();
        batch.insert(batch.end(), first, first + c.src.row_count());
    }
    gathered.src.assign(batch);
    gathered.run(context);
    Problem direct(context, c);
    const BlockInput src(dataset, rows);
    direct.block->forward(context, src, direct.weights, direct.bias, direct.dst, direct.winner,
                          direct.scratch);
    direct.block->backward(context, src, direct.diff_dst, direct.winner, direct.weights, direct.diff_weights,
                           direct.diff_bias, direct.diff_src, direct.scratch);
    EXPECT_EQ(direct.dst.values(), gathered.dst.values());
    EXPECT_EQ(direct.winner.bytes(), gathered.winner.bytes());
    EXPECT_EQ(direct.diff_weights.values(), gathered.diff_weights.values());
    EXPECT_EQ(direct.diff_bias.values(), gathered.diff_bias.values());
    EXPECT_EQ(direct.diff_src.values(), gathered.diff_src.values());
}

TEST_P(ConvBlockTest, ReadsRowsOfADataset) {
    int taken = 0;
    for (const Case& c : cases()) {
        if (c.src[0] > 4 || !make_conv_block(context(), c.src, c.spec)->takes_rows()) continue;
        SCOPED_TRACE(describe(c));
        expect_rows_equal_gathered(context(), c);
        if (!on_cpu()) expect_rows_equal_gathered(*make_context(2, Math::bf16), c);
        ++taken;
    }
    EXPECT_GE(taken, 3);
}

TEST_P(ConvBlockTest, RowsHaveToBeOfTheDataset) {
    const Case c = {{2, 6, 6, 1}, {.channels_out = 3}, "direct"};
    Problem problem(context(), c);
    TestTensor dataset(context(), {5, 6, 6, 1});
    dataset.randomize("dataset");
    TestTensor rows(context(), {2}, DType::i32);
    TestTensor more(context(), {3}, DType::i32);
    TestTensor other(context(), {5, 6, 7, 1});
    const auto forward = [&](const BlockInput& src) {
        problem.block->forward(context(), src, problem.weights, problem.bias, problem.dst, problem.winner,
                               problem.scratch);
    };
    EXPECT_THROW(forward({dataset, more}), InvalidArgument);
    EXPECT_THROW(forward({other, rows}), InvalidArgument);
    EXPECT_THROW(forward({dataset, problem.bias}), InvalidArgument);
    const Case winograd = {{2, 6, 6, 8}, {.channels_out = 3}, ""};
    Problem without(context(), winograd);
    EXPECT_THROW(without.block->forward(context(), {without.src, rows}, without.weights, without.bias,
                                        without.dst, without.winner, without.scratch),
                 InvalidArgument);
    rows.assign(std::vector<std::int32_t>{4, 5});
    if (on_cpu()) {
        EXPECT_THROW(forward({dataset, rows}), InvalidArgument);
        return;
    }
    forward({dataset, rows});  // the second clip is all zeros
    const std::vector<float> dst = problem.dst.values();
    const std::vector<float> bias = problem.bias.values();
    for (std::size_t i = dst.size() / 2; i < dst.size(); ++i) EXPECT_EQ(dst[i], std::max(bias[i % 3], 0.0F));
}

TEST_P(ConvBlockTest, SameBitsForEveryNumberOfThreadsAndNoAllocation) {
    for (const Case& c : cases()) {
        SCOPED_TRACE(describe(c));
        std::vector<std::vector<float>> first;
        for (const int threads : {1, 2, 3}) {
            const auto other = make_context(threads);
            Problem problem(*other, c);
            other->freeze();
            problem.run(*other);
            problem.run(*other);
            const std::vector<std::vector<float>> results = {problem.dst.values(), problem.diff_src.values(),
                                                             problem.diff_weights.values(),
                                                             problem.diff_bias.values()};
            if (first.empty()) first = results;
            EXPECT_EQ(results, first);
        }
    }
}

TEST_P(ConvBlockTest, RejectsWhatDoesNotFit) {
    const Case c = {{2, 6, 6, 8}, {.channels_out = 8}, ""};
    Problem problem(context(), c);
    TestTensor wrong(context(), {2, 3, 3, 7});
    TestTensor more(context(), {3, 6, 6, 8});
    TestTensor half(context(), {2, 6, 6, 8}, DType::bf16);  // not in Math::fp32
    const Tensor x = problem.src, y = problem.dst, w = problem.weights, b = problem.bias, s = problem.scratch;
    const Tensor winner = problem.winner;
    ConvBlock& block = *problem.block;
    EXPECT_THROW(block.forward(context(), more, w, b, y, winner, s), InvalidArgument);
    EXPECT_THROW(block.forward(context(), half, w, b, y, winner, s), InvalidArgument);
    EXPECT_THROW(block.forward(context(), x, b, b, y, winner, s), InvalidArgument);
    EXPECT_THROW(block.forward(context(), x, w, {}, y, winner, s), InvalidArgument);
    EXPECT_THROW(block.forward(context(), x, w, b, wrong, winner, s), InvalidArgument);
    EXPECT_THROW(block.forward(context(), x, w, b, y, y, s), InvalidArgument);  // winner isn't u8
    EXPECT_THROW(block.forward(context(), x, w, b, y, winner, {}), InvalidArgument);
    EXPECT_THROW(block.backward(context(), x, wrong, winner, w, w, b, x, s), InvalidArgument);
    EXPECT_THROW(block.backward(context(), x, y, {}, w, w, b, x, s), InvalidArgument);
    EXPECT_THROW(block.backward(context(), x, y, winner, {}, w, b, x, s), InvalidArgument);
    EXPECT_THROW(block.backward(context(), x, y, winner, w, w, b, more, s), InvalidArgument);
    EXPECT_THROW(conv_block_dst_shape({1, 3, 9, 8}, {.channels_out = 4, .padding = Padding::valid}),
                 InvalidArgument);
    EXPECT_EQ(conv_block_dst_shape({5, 126, 126, 8}, {.channels_out = 4, .padding = Padding::valid}),
              (Shape{5, 62, 62, 4}));
}

}  // namespace
}  // namespace kickdrum
