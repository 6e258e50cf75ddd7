// SPDX-License-Identifier: MIT
#include "kernels/cuda/conv_problem.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernels/device/conv_plan_check.h"
#include "kernels/device/dispatch.h"

namespace kickdrum {
namespace {

using testing::HasSubstr;

ConvProblem problem_of(ConvPass pass, const Shape& src, const Conv2dSpec& spec,
                       DType activations = DType::f32) {
    return conv_problem(pass, src, spec, activations, Math::fp32, true);
}

TEST(ConvProblem, SamePaddingPutsTheExtraRowBehind) {
    // 64 rows, stride 2: 32 windows need 65 rows. 5 columns, stride 1: one on each side.
    const auto x = problem_of(ConvPass::forward, {2, 64, 5, 3},
                              {.channels_out = 4, .stride = {2, 1}, .padding = Padding::same});
    EXPECT_EQ(x.before, (Extent2d{0, 1}));
    EXPECT_EQ(x.after, (Extent2d{1, 1}));
    EXPECT_EQ(x.dst_shape(), (Shape{2, 32, 5, 4}));
}

TEST(ConvProblem, ValidPaddingLeavesRowsOver) {
    const auto x =
        problem_of(ConvPass::forward, {1, 8, 9, 1}, {.channels_out = 1, .kernel = {2, 2}, .stride = {3, 3}});
    EXPECT_EQ(x.before, (Extent2d{0, 0}));
    EXPECT_EQ(x.after, (Extent2d{0, 0}));
    EXPECT_EQ(x.p, 3);
}

TEST(ConvProblem, ShapesAndTypesFollowFromThePass) {
    const Shape src{2, 6, 7, 3};
    const Conv2dSpec spec{.channels_out = 5, .kernel = {3, 2}};
    const Shape dst{2, 4, 6, 5};
    const Shape weights{5, 3, 2, 3};
    const auto forward = problem_of(ConvPass::forward, src, spec, DType::bf16);
    EXPECT_EQ(forward.a_shape(), src);
    EXPECT_EQ(forward.b_shape(), weights);
    EXPECT_EQ(forward.out_shape(), dst);
    EXPECT_EQ(forward.result, DType::bf16);
    const auto data = problem_of(ConvPass::backward_src, src, spec, DType::bf16);
    EXPECT_EQ(data.a_shape(), dst);
    EXPECT_EQ(data.b_shape(), weights);
    EXPECT_EQ(data.out_shape(), src);
    EXPECT_EQ(data.result, DType::bf16);
    const auto filter = problem_of(ConvPass::backward_weights, src, spec, DType::bf16);
    EXPECT_EQ(filter.a_shape(), src);
    EXPECT_EQ(filter.b_shape(), dst);
    EXPECT_EQ(filter.out_shape(), weights);
    EXPECT_EQ(filter.result, DType::f32);
}

TEST(ConvProblem, RefusesWhatDoesNotBelongTogether) {
    const auto fine = problem_of(ConvPass::forward, {2, 6, 7, 3}, {.channels_out = 5});
    EXPECT_NO_THROW(check(fine));
    ConvProblem rows = fine;
    ++rows.p;
    EXPECT_THROW(check(rows), InvalidArgument);
    ConvProblem padding = fine;
    padding.before.w = -1;
    EXPECT_THROW(check(padding), InvalidArgument);
    ConvProblem integers = fine;
    integers.operands = DType::i32;
    EXPECT_THROW(check(integers), InvalidArgument);
    ConvProblem mixed = fine;
    mixed.result = DType::bf16;
    EXPECT_THROW(check(mixed), InvalidArgument);
    ConvProblem none = fine;
    none.n = 0;
    EXPECT_THROW(check(none), InvalidArgument);
}

TEST(ConvProblem, TextTellsProblemsApart) {
    const auto x =
        problem_of(ConvPass::forward, {64, 128, 128, 1}, {.channels_out = 32, .padding = Padding::same});
    EXPECT_EQ(to_string(x), "forward 64x128x128x1 -> 64x128x128x32, kernel 3x3, padding 1+1 1+1, f32, fp32");
    ConvProblem other = x;
    other.math = Math::tf32;
    EXPECT_NE(to_string(other), to_string(x));
    other = x;
    other.deterministic = false;
    EXPECT_NE(to_string(other), to_string(x));
    const auto wide = problem_of(ConvPass::backward_weights, {2, 6, 7, 3}, {.channels_out = 5}, DType::bf16);
    other = wide;
    other.result = DType::bf16;
    EXPECT_NO_THROW(check(other));
    EXPECT_NE(to_string(other), to_string(wide));
    other = x;
    other.scratch_limit = 0;
    EXPECT_NE(to_string(other), to_string(x));
}

TEST(ConvPlanCheck, SaysWhatCantBePlanned) {
    const auto x = problem_of(ConvPass::forward, {1, 4, 4, 1}, {.channels_out = 1});
    EXPECT_THROW(plan_without_device(x, "sm_12"), InvalidArgument);
    if constexpr (kWithCuda) GTEST_SKIP() << "tests/cuda_plans tests it with cuDNN";
    try {
        plan_without_device(x, "sm_90");
        FAIL() << "planned without cuDNN";
    } catch (const DeviceError& error) {
        EXPECT_THAT(error.what(), HasSubstr("preset 'cuda'"));
    }
}

}  // namespace
}  // namespace kickdrum
