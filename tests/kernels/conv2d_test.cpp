// SPDX-License-Identifier: MIT
#include "kernels/ops/conv2d.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

#include "tests/support/conv_weights.h"
#include "tests/support/device_test.h"
#include "tests/support/naive_conv.h"
#include "tests/support/test_tensor.h"

namespace kickdrum {
namespace {

class Conv2dTest : public DeviceTest {};
INSTANTIATE_FOR_DEVICES(Conv2dTest);

struct Case {
    Shape src;
    Conv2dSpec spec;
    std::string_view algorithm;  // of the CPU
};

const std::vector<Case>& cases() {
    constexpr auto kSame = Padding::same;
    static const std::vector<Case> all = {
        // Winograd: whole tiles, tails of tiles, of channels and of panels, images smaller than a tile.
        {{2, 8, 8, 32}, {.channels_out = 64, .padding = kSame}, "winograd_4x4"},
        {{3, 9, 11, 33}, {.channels_out = 20, .padding = kSame}, "winograd_4x4"},
        {{2, 10, 7, 16}, {.channels_out = 72}, "winograd_4x4"},
        {{1, 3, 3, 8}, {.channels_out = 8}, "winograd_4x4"},
        {{1, 1, 5, 17}, {.channels_out = 9, .padding = kSame}, "winograd_4x4"},
        {{2, 13, 6, 70}, {.channels_out = 70, .padding = kSame, .has_bias = false}, "winograd_4x4"},
        {{17, 5, 6, 12}, {.channels_out = 16, .padding = kSame}, "winograd_4x4"},
        // The general path.
        {{2, 8, 8, 1}, {.channels_out = 32, .padding = kSame}, "im2col"},
        {{2, 12, 9, 5}, {.channels_out = 7, .kernel = {5, 3}, .stride = {2, 1}, .padding = kSame}, "im2col"},
        {{2, 12, 9, 5}, {.channels_out = 7, .kernel = {5, 3}, .stride = {2, 3}}, "im2col"},
        {{2, 11, 10, 16},
         {.channels_out = 40, .kernel = {3, 3}, .stride = {2, 2}, .padding = kSame},
         "im2col"},
        {{1, 11, 14, 6}, {.channels_out = 18, .dilation = {2, 3}, .padding = kSame}, "im2col"},
        {{1, 11, 14, 6}, {.channels_out = 18, .dilation = {2, 3}}, "im2col"},
        {{3, 7, 5, 24}, {.channels_out = 33, .kernel = {1, 1}}, "im2col"},
        {{2, 6, 6, 20},
         {.channels_out = 10, .kernel = {1, 1}, .stride = {2, 2}, .has_bias = false},
         "im2col"},
        {{1, 4, 6, 3}, {.channels_out = 4, .kernel = {4, 6}}, "im2col"},
        {{1, 200, 180, 1}, {.channels_out = 2, .kernel = {1, 1}}, "im2col"},  // long sums over few channels
        {{1, 9, 9, 2}, {.channels_out = 3, .kernel = {7, 7}, .stride = {4, 4}, .padding = kSame}, "im2col"},
        {{2, 8, 9, 3}, {.channels_out = 261, .kernel = {1, 1}}, "im2col"},  // more than one block is wide
    };
    return all;
}

std::string describe(const Case& c) {
    return fmt::format("{} -> {}, kernel {}x{}, stride {}x{}, dilation {}x{}, {}", to_string(c.src),
                       c.spec.channels_out, c.spec.kernel.h, c.spec.kernel.w, c.spec.stride.h,
                       c.spec.stride.w, c.spec.dilation.h, c.spec.dilation.w, to_string(c.spec.padding));
}

struct Problem {
    Problem(Context& context, const Case& c)
        : conv(make_conv2d(context, c.src, c.spec)),
          src(context, c.src, context.activation_dtype()),
          diff_src(context, c.src, context.activation_dtype()),
          weights(context, conv2d_weights_shape(c.src, c.spec), context.activation_dtype()),
          diff_weights(context, conv2d_weights_shape(c.src, c.spec)),
          bias(context, Shape{c.spec.channels_out}),
          diff_bias(context, Shape{c.spec.channels_out}),
          dst(context, conv2d_dst_shape(c.src, c.spec), context.activation_dtype()),
          diff_dst(context, conv2d_dst_shape(c.src, c.spec), context.activation_dtype()),
          scratch(context, Shape{static_cast<std::int64_t>(conv->scratch_bytes()) + 1}, DType::u8) {
        src.randomize("src");
        weights.randomize("weights", 0.3F);
        bias.randomize("bias");
        diff_dst.randomize("diff_dst");
        scratch.assign(std::vector<std::uint8_t>(scratch.tensor().bytes(), 0xff));  // NaN, should it be read
        if (!c.spec.has_bias) bias_tensor = diff_bias_tensor = {};
    }
    void run(Context& context) { run(context, src, dst, diff_dst, diff_src); }
    void run(Context& context, Tensor x, Tensor y, Tensor diff_y, Tensor diff_x) {
        conv->forward(context, x, weights, bias_tensor, y, scratch);
        conv->backward_src(context, diff_y, weights, diff_x, scratch);
        conv->backward_weights(context, x, diff_y, diff_weights, diff_bias_tensor, scratch);
    }

    std::unique_ptr<Conv2d> conv;
    TestTensor src, diff_src, weights, diff_weights, bias, diff_bias, dst, diff_dst, scratch;
    Tensor bias_tensor = bias;
    Tensor diff_bias_tensor = diff_bias;
};

void expect_reference(Context& context, const Case& c) {
    Problem problem(context, c);
    EXPECT_THAT(std::string(problem.conv->implementation()),
                testing::StartsWith(context.device() == Device::cpu ? std::string(c.algorithm) : ""));
    problem.run(context);
    const NaiveConv naive{c.src, c.spec};
    const auto weights = hwio_values(problem.weights);
    const auto bias = c.spec.has_bias ? problem.bias.values() : std::vector<float>();
    const auto diff_dst = problem.diff_dst.values();
    const double tolerance = result_tolerance(context);
    EXPECT_LT(relative_error(problem.dst.values(), naive.forward(problem.src.values(), weights, bias)),
              tolerance);
    EXPECT_LT(relative_error(problem.diff_src.values(), naive.backward_src(diff_dst, weights)), tolerance);
    EXPECT_LT(relative_error(hwio_values(problem.diff_weights),
                             naive.backward_weights(problem.src.values(), diff_dst)),
              tolerance);
    if (c.spec.has_bias) {
        EXPECT_LT(relative_error(problem.diff_bias.values(), naive.backward_bias(diff_dst)), kConvTolerance);
    }
}

TEST_P(Conv2dTest, MatchesReference) {
    for (const Case& c : cases()) {
        SCOPED_TRACE(describe(c));
        expect_reference(context(), c);
    }
}

TEST_P(Conv2dTest, MatchesReferenceInBf16) {
    if (on_cpu()) GTEST_SKIP() << "the CPU computes in fp32 only";
    const auto bf16 = make_context(2, Math::bf16);
    for (const Case& c : cases()) {
        SCOPED_TRACE(describe(c));
        expect_reference(*bf16, c);
    }
}

// Clip by clip, a smaller batch gives the same bits (on CUDA the library may take another algorithm for it);
// its gradients are those of its clips alone.
TEST_P(Conv2dTest, TakesFewerClipsThanPlanned) {
    for (const Case& c : cases()) {
        if (c.src[0] < 2) continue;
        SCOPED_TRACE(describe(c));
        Problem problem(context(), c);
        problem.run(context());
        const auto all = problem.dst.values();
        const auto all_diff = problem.diff_src.values();
        const std::int64_t rows = c.src[0] - 1;
        const Shape src_shape = c.src.with_rows(rows);
        TestTensor dst(context(), problem.dst.tensor().shape.with_rows(rows));
        TestTensor diff_src(context(), src_shape);
        problem.run(context(), problem.src.tensor().first_rows(rows), dst,
                    problem.diff_dst.tensor().first_rows(rows), diff_src);
        const double tolerance = on_cpu() ? 0 : kConvTolerance;
        EXPECT_LE(relative_error(dst.values(), {all.begin(), all.begin() + dst.tensor().count()}), tolerance);
        EXPECT_LE(relative_error(diff_src.values(), {all_diff.begin(), all_diff.begin() + src_shape.count()}),
                  tolerance);
        const NaiveConv naive{src_shape, c.spec};
        auto x = problem.src.values();
        auto diff_y = problem.diff_dst.values();
        x.resize(static_cast<std::size_t>(src_shape.count()));
        diff_y.resize(static_cast<std::size_t>(dst.tensor().count()));
        EXPECT_LT(relative_error(hwio_values(problem.diff_weights), naive.backward_weights(x, diff_y)),
                  kConvTolerance);
    }
}

TEST_P(Conv2dTest, SameBitsForEveryNumberOfThreadsAndNoAllocation) {
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
                                                             problem.diff_weights.values()};
            if (first.empty()) first = results;
            EXPECT_EQ(results, first);
        }
    }
}

// A NaN of one clip must reach that clip's output and no other's.
TEST_P(Conv2dTest, NanStaysInItsClip) {
    for (const auto& c : {cases()[1], cases()[8]}) {
        SCOPED_TRACE(describe(c));
        Problem problem(context(), c);
        auto src = problem.src.values();
        src[0] = std::numeric_limits<float>::quiet_NaN();
        problem.src.assign(src);
        problem.run(context());
        const auto dst = problem.dst.values();
        const auto per_clip = static_cast<std::size_t>(problem.dst.tensor().shape.row_count());
        EXPECT_TRUE(std::isnan(dst[0]));
        for (std::size_t i = per_clip; i < dst.size(); ++i) ASSERT_TRUE(std::isfinite(dst[i])) << i;
    }
}

TEST_P(Conv2dTest, RejectsWhatDoesNotFit) {
    const Case c = {{2, 6, 6, 8}, {.channels_out = 8, .padding = Padding::same}, ""};
    Problem problem(context(), c);
    TestTensor wrong(context(), {2, 6, 6, 7});
    TestTensor more(context(), {3, 6, 6, 8});
    TestTensor half(context(), {2, 6, 6, 8}, DType::bf16);  // not in Math::fp32
    const Tensor x = problem.src, y = problem.dst, w = problem.weights, b = problem.bias, s = problem.scratch;
    Conv2d& conv = *problem.conv;
    EXPECT_THROW(conv.forward(context(), wrong, w, b, y, s), InvalidArgument);
    EXPECT_THROW(conv.forward(context(), more, w, b, more, s), InvalidArgument);
    EXPECT_THROW(conv.forward(context(), half, w, b, y, s), InvalidArgument);
    EXPECT_THROW(conv.forward(context(), x, b, b, y, s), InvalidArgument);
    EXPECT_THROW(conv.forward(context(), x, w, {}, y, s), InvalidArgument);
    EXPECT_THROW(conv.forward(context(), x, w, b, wrong, s), InvalidArgument);
    EXPECT_THROW(conv.forward(context(), x, w, b, y, {}), InvalidArgument);
    EXPECT_THROW(conv.forward(context(), {}, w, b, y, s), InvalidArgument);
    EXPECT_THROW(conv.backward_src(context(), wrong, w, x, s), InvalidArgument);
    EXPECT_THROW(conv.backward_src(context(), y, w, wrong, s), InvalidArgument);
    EXPECT_THROW(conv.backward_weights(context(), x, wrong, w, b, s), InvalidArgument);
    EXPECT_THROW(conv.backward_weights(context(), x, y, w, {}, s), InvalidArgument);
}

std::string message_of(const Shape& src, const Conv2dSpec& spec) {
    try {
        conv2d_dst_shape(src, spec);
    } catch (const InvalidArgument& error) {
        return error.what();
    }
    return "";
}

TEST(Conv2dShape, FollowsKeras) {
    EXPECT_EQ(conv2d_dst_shape({4, 128, 128, 1}, {.channels_out = 32}), (Shape{4, 126, 126, 32}));
    EXPECT_EQ(conv2d_dst_shape({4, 7, 8, 1}, {.channels_out = 2, .stride = {2, 3}, .padding = Padding::same}),
              (Shape{4, 4, 3, 2}));
    EXPECT_EQ(conv2d_dst_shape({4, 7, 8, 1}, {.channels_out = 2, .kernel = {2, 3}, .dilation = {3, 2}}),
              (Shape{4, 4, 4, 2}));
}

TEST(Conv2dShape, SaysWhatDoesNotFit) {
    EXPECT_THAT(message_of({1, 4, 9, 1}, {.channels_out = 2, .kernel = {5, 5}}),
                testing::HasSubstr("5x5 kernel with dilation 1x1 doesn't fit its input of 4x9"));
    EXPECT_THAT(message_of({1, 4, 9, 1}, {}), testing::HasSubstr("0 output channels"));
    EXPECT_THAT(message_of({1, 4, 9, 1}, {.channels_out = 2, .stride = {0, 1}}),
                testing::HasSubstr("a stride of 0x1"));
    EXPECT_THAT(message_of({4, 9}, {.channels_out = 2}), testing::HasSubstr("4 axes"));
}

}  // namespace
}  // namespace kickdrum
