// SPDX-License-Identifier: MIT
#include "kernels/cuda/conv_engine.cuh"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/engine_test.h"

namespace kickdrum {
namespace {

using testing::HasSubstr;

class ConvEngineTest : public DeviceTest {};

Doubles naive_conv(const ConvProblem& x, const Floats& a, const Floats& b) {
    Doubles out(at(x.out_shape().count()));
    const auto tap = [&](std::int64_t n, std::int64_t p, std::int64_t q, int r, int s) {
        const std::int64_t h = p * x.stride.h - x.before.h + r * x.dilation.h;
        const std::int64_t w = q * x.stride.w - x.before.w + s * x.dilation.w;
        if (h < 0 || h >= x.h || w < 0 || w >= x.w) return;
        for (std::int64_t k = 0; k < x.k; ++k) {
            for (std::int64_t c = 0; c < x.c; ++c) {
                const std::size_t src = at(((n * x.h + h) * x.w + w) * x.c + c);
                const std::size_t weight = at(((k * x.kernel.h + r) * x.kernel.w + s) * x.c + c);
                const std::size_t dst = at(((n * x.p + p) * x.q + q) * x.k + k);
                const auto multiply = [&](std::size_t into, std::size_t of_a, std::size_t of_b) {
                    out[into] += static_cast<double>(a[of_a]) * static_cast<double>(b[of_b]);
                };
                if (x.pass == ConvPass::forward) multiply(dst, src, weight);
                if (x.pass == ConvPass::backward_src) multiply(src, dst, weight);
                if (x.pass == ConvPass::backward_weights) multiply(weight, src, dst);
            }
        }
    };
    for (std::int64_t n = 0; n < x.n; ++n) {
        for (std::int64_t p = 0; p < x.p; ++p) {
            for (std::int64_t q = 0; q < x.q; ++q) {
                for (int r = 0; r < x.kernel.h; ++r) {
                    for (int s = 0; s < x.kernel.w; ++s) tap(n, p, q, r, s);
                }
            }
        }
    }
    return out;
}

Floats run_conv(Context& context, const ConvProblem& x, const Floats& a, const Floats& b) {
    if constexpr (kWithCuda) {
        const auto engine = cuda::make_conv_engine(context, x);
        TestTensor a_tensor(context, x.a_shape(), x.operands);
        TestTensor b_tensor(context, x.b_shape(), x.operands);
        TestTensor out(context, x.out_shape(), x.result);
        const Buffer scratch(context, engine->scratch_bytes());
        a_tensor.assign(a);
        b_tensor.assign(b);
        engine->execute(context, a_tensor, b_tensor, out, whole(scratch));
        return out.values();
    }
    return {};
}

struct ConvCase {
    Shape src;
    Conv2dSpec spec;
};

const ConvCase kConvCases[] = {
    {{3, 8, 7, 4}, {.channels_out = 8, .padding = Padding::same}},
    {{2, 9, 12, 5}, {.channels_out = 3}},
    {{2, 8, 8, 3}, {.channels_out = 5, .stride = {2, 2}, .padding = Padding::same}},  // 0 before, 1 behind
    {{2, 7, 10, 8}, {.channels_out = 4, .kernel = {2, 4}, .stride = {1, 2}, .padding = Padding::same}},
    {{1, 11, 9, 2}, {.channels_out = 6, .dilation = {2, 3}, .padding = Padding::same}},
    {{2, 9, 8, 4}, {.channels_out = 4, .kernel = {2, 2}, .stride = {3, 3}}},  // rows and columns left over
    {{4, 6, 6, 1}, {.channels_out = 7, .kernel = {1, 1}, .stride = {2, 2}, .padding = Padding::same}},
};

TEST_P(ConvEngineTest, ConvolutionIsExactForAllPasses) {
    for (const ConvCase& one : kConvCases) {
        for (const ConvPass pass : {ConvPass::forward, ConvPass::backward_src, ConvPass::backward_weights}) {
            for (const Math math : {Math::fp32, Math::tf32, Math::bf16}) {
                const DType type = math == Math::bf16 ? DType::bf16 : DType::f32;
                const ConvProblem x = conv_problem(pass, one.src, one.spec, type, math, true);
                const Floats a = eighths(x.a_shape().count(), "a");
                const Floats b = eighths(x.b_shape().count(), "b");
                // Weight gradients of bf16 operands may have been bf16 on their way.
                const bool exact = x.result == x.operands;
                const Floats expected = rounded(naive_conv(x, a, b), x.result);
                const Floats actual = run_conv(context(), x, a, b);
                ASSERT_EQ(actual.size(), expected.size()) << to_string(x);
                for (std::size_t i = 0; i < actual.size(); ++i) {
                    if (exact || actual[i] != round_to_bf16(expected[i])) {
                        ASSERT_EQ(actual[i], expected[i]) << to_string(x) << " at " << i;
                    }
                }
            }
        }
    }
}

TEST_P(ConvEngineTest, ConvolutionInFp32KeepsWhatTf32WouldRound) {
    const ConvProblem x =
        conv_problem(ConvPass::forward, {2, 8, 8, 16}, {.channels_out = 8}, DType::f32, Math::fp32, true);
    // One bit too many for TF32 in every operand.
    const Floats a(at(x.a_shape().count()), 1.0F + std::ldexp(1.0F, -11));
    const Floats b(at(x.b_shape().count()), 1.0F - std::ldexp(1.0F, -12));
    EXPECT_LT(relative_error(run_conv(context(), x, a, b), naive_conv(x, a, b)), 1e-6);
}

TEST_P(ConvEngineTest, ConvolutionGivesTheSameBitsAgain) {
    for (const ConvPass pass : {ConvPass::forward, ConvPass::backward_src, ConvPass::backward_weights}) {
        const ConvProblem x =
            conv_problem(pass, {4, 16, 16, 8}, {.channels_out = 8, .padding = Padding::same}, DType::f32,
                         Math::tf32, true);
        TestTensor a(context(), x.a_shape());
        TestTensor b(context(), x.b_shape());
        const Floats a_values = a.randomize("a").values();
        const Floats b_values = b.randomize("b").values();
        EXPECT_EQ(run_conv(context(), x, a_values, b_values), run_conv(context(), x, a_values, b_values));
    }
}

TEST_P(ConvEngineTest, ConvolutionChecksItsArguments) {
    if constexpr (kWithCuda) {
        const ConvProblem x = conv_problem(ConvPass::backward_weights, {2, 6, 6, 4}, {.channels_out = 3},
                                           DType::bf16, Math::bf16, true);
        const auto engine = cuda::make_conv_engine(context(), x);
        EXPECT_THAT(engine->description(), testing::Not(testing::IsEmpty()));
        ASSERT_GT(engine->scratch_bytes(), 0U);  // at least the gradients in bf16
        TestTensor src(context(), x.a_shape(), DType::bf16);
        TestTensor diff_dst(context(), x.b_shape(), DType::bf16);
        TestTensor wide(context(), x.b_shape());
        TestTensor out(context(), x.out_shape());
        const Buffer memory(context(), engine->scratch_bytes());
        const auto bytes = static_cast<std::int64_t>(memory.bytes());
        const Tensor scratch = memory.tensor({bytes}, DType::u8);
        const auto execute = [&](Tensor a, Tensor b, Tensor c, Tensor d) {
            engine->execute(context(), a, b, c, d);
        };
        EXPECT_NO_THROW(execute(src, diff_dst, out, scratch));
        EXPECT_THROW(execute(src, diff_dst, out, {}), InvalidArgument);
        EXPECT_THROW(execute(src, diff_dst, out, memory.tensor({bytes - 1}, DType::u8)), InvalidArgument);
        EXPECT_THROW(execute(src, wide, out, scratch), InvalidArgument);
        EXPECT_THROW(execute(diff_dst, diff_dst, out, scratch), InvalidArgument);
        EXPECT_THROW(execute(src, diff_dst, {}, scratch), InvalidArgument);
        ConvProblem none = x;
        none.k = 0;
        EXPECT_THROW(cuda::make_conv_engine(context(), none), InvalidArgument);
        synchronize(context());
    }
}

TEST_P(ConvEngineTest, ConvolutionWithoutRoomSaysSo) {
    if constexpr (kWithCuda) {
        ConvProblem x = conv_problem(ConvPass::backward_weights, {2, 6, 6, 4}, {.channels_out = 3},
                                     DType::bf16, Math::bf16, true);
        x.scratch_limit = 0;
        try {
            const auto engine = cuda::make_conv_engine(context(), x);
            EXPECT_EQ(engine->scratch_bytes(), 0U);  // a library that needs none
        } catch (const DeviceError& error) {
            EXPECT_THAT(error.what(), HasSubstr(to_string(x)));
        }
    }
}

INSTANTIATE_FOR_CUDA(ConvEngineTest);

}  // namespace
}  // namespace kickdrum
