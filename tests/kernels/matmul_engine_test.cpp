// SPDX-License-Identifier: MIT
#include "kernels/cuda/matmul_engine.cuh"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/support/engine_test.h"

namespace kickdrum {
namespace {

class MatmulEngineTest : public DeviceTest {};

using cuda::MatmulExtra;
using cuda::MatmulProblem;

struct Product {
    Floats out;
    Floats extra;  // as it was, or the column sums
};

Product naive_matmul(const MatmulProblem& x, const Floats& a, const Floats& b, Floats extra) {
    Doubles out(at(x.m * x.n));
    Doubles column_sums(at(x.n));
    for (std::int64_t m = 0; m < x.m; ++m) {
        for (std::int64_t n = 0; n < x.n; ++n) {
            double sum = 0;
            for (std::int64_t k = 0; k < x.k; ++k) {
                const double right = b[at(x.transpose_b ? n * x.k + k : k * x.n + n)];
                sum += static_cast<double>(a[at(x.transpose_a ? k * x.m + m : m * x.k + k)]) * right;
                if (m == 0) column_sums[at(n)] += right;
            }
            if (x.extra == MatmulExtra::bias || x.extra == MatmulExtra::bias_relu)
                sum += static_cast<double>(extra[at(n)]);
            out[at(m * x.n + n)] = x.extra == MatmulExtra::bias_relu && sum < 0 ? 0 : sum;
        }
    }
    if (x.extra == MatmulExtra::column_sums) extra = rounded(column_sums, DType::f32);
    return {rounded(out, x.result), std::move(extra)};
}

Product run_matmul(Context& context, const MatmulProblem& x, const Floats& a, const Floats& b,
                   const Floats& extra) {
    if constexpr (kWithCuda) {
        const auto engine = cuda::make_matmul_engine(context, x);
        TestTensor a_tensor(context, x.a_shape(), x.operands);
        TestTensor b_tensor(context, x.b_shape(), x.operands);
        TestTensor extra_tensor(context, {x.n});
        TestTensor out(context, {x.m, x.n}, x.result);
        const Buffer scratch(context, engine->scratch_bytes());
        a_tensor.assign(a);
        b_tensor.assign(b);
        if (x.extra != MatmulExtra::column_sums) extra_tensor.assign(extra);
        engine->execute(context, a_tensor, b_tensor,
                        x.extra == MatmulExtra::none ? Tensor{} : extra_tensor.tensor(), out, whole(scratch));
        return {out.values(), extra_tensor.values()};
    }
    return {};
}

std::vector<MatmulProblem> matmul_problems() {
    std::vector<MatmulProblem> problems;
    for (const auto extra :
         {MatmulExtra::none, MatmulExtra::bias, MatmulExtra::bias_relu, MatmulExtra::column_sums}) {
        for (const bool transpose_a : {false, true}) {
            for (const bool transpose_b : {false, true}) {
                if (transpose_b && extra == MatmulExtra::column_sums) continue;
                MatmulProblem x{
                    .m = 9, .n = 37, .k = 70, .transpose_a = transpose_a, .transpose_b = transpose_b};
                x.extra = extra;
                problems.push_back(x);
                x.math = Math::tf32;
                problems.push_back(x);
                x.math = Math::bf16;
                x.operands = DType::bf16;
                problems.push_back(x);
                x.result = DType::bf16;
                problems.push_back(x);
            }
        }
    }
    return problems;
}

TEST_P(MatmulEngineTest, MatrixProductIsExact) {
    for (MatmulProblem x : matmul_problems()) {
        for (const std::int64_t n : {x.n, std::int64_t{8}, std::int64_t{1}}) {
            x.n = n;
            const Floats a = eighths(x.m * x.k, "a");
            const Floats b = eighths(x.k * x.n, "b");
            const Floats extra = eighths(x.n, "bias");
            const Product expected = naive_matmul(x, a, b, extra);
            const Product actual = run_matmul(context(), x, a, b, extra);
            ASSERT_EQ(actual.out, expected.out) << to_string(x);
            ASSERT_EQ(actual.extra, expected.extra) << to_string(x);
        }
    }
}

TEST_P(MatmulEngineTest, MatrixProductInFp32KeepsWhatTf32WouldRound) {
    const MatmulProblem x{.m = 8, .n = 16, .k = 64};
    const Floats a(at(x.m * x.k), 1.0F + std::ldexp(1.0F, -11));
    const Floats b(at(x.k * x.n), 1.0F - std::ldexp(1.0F, -12));
    double expected = 0;
    for (std::int64_t k = 0; k < x.k; ++k) expected += static_cast<double>(a[0]) * static_cast<double>(b[0]);
    const Product actual = run_matmul(context(), x, a, b, Floats(at(x.n)));
    EXPECT_LT(relative_error(actual.out, Doubles(at(x.m * x.n), expected)), 1e-6);
}

TEST_P(MatmulEngineTest, ReluKeepsNan) {
    MatmulProblem x{.m = 2, .n = 8, .k = 8};
    x.extra = MatmulExtra::bias_relu;
    Floats a = eighths(x.m * x.k, "a");
    a[3] = std::numeric_limits<float>::quiet_NaN();
    const Product actual = run_matmul(context(), x, a, eighths(x.k * x.n, "b"), eighths(x.n, "bias"));
    ASSERT_EQ(actual.out.size(), at(x.m * x.n));
    for (std::int64_t n = 0; n < x.n; ++n) {
        EXPECT_TRUE(std::isnan(actual.out[at(n)]));
        EXPECT_GE(actual.out[at(x.n + n)], 0.0F);
    }
}

TEST_P(MatmulEngineTest, MatrixProductChecksItsArguments) {
    if constexpr (kWithCuda) {
        MatmulProblem x{.m = 4, .n = 8, .k = 8, .operands = DType::bf16, .result = DType::bf16};
        x.extra = MatmulExtra::bias_relu;
        const auto engine = cuda::make_matmul_engine(context(), x);
        EXPECT_GE(engine->scratch_bytes(), 4U * 4 * 8);  // the sums in float
        TestTensor a(context(), x.a_shape(), DType::bf16);
        TestTensor b(context(), x.b_shape(), DType::bf16);
        TestTensor bias(context(), {x.n});
        TestTensor out(context(), {x.m, x.n}, DType::bf16);
        const Buffer memory(context(), engine->scratch_bytes());
        const Tensor scratch = whole(memory);
        EXPECT_NO_THROW(engine->execute(context(), a, b, bias, out, scratch));
        EXPECT_THROW(engine->execute(context(), a, b, bias, out, {}), InvalidArgument);
        EXPECT_THROW(engine->execute(context(), a, b, {}, out, scratch), InvalidArgument);
        EXPECT_THROW(engine->execute(context(), a, a, bias, out, scratch), InvalidArgument);
        EXPECT_THROW(engine->execute(context(), a, b, bias, bias, scratch), InvalidArgument);
        MatmulProblem wrong = x;
        wrong.k = 0;
        EXPECT_THROW(cuda::make_matmul_engine(context(), wrong), InvalidArgument);
        wrong = x;
        wrong.operands = DType::f32;
        EXPECT_THROW(cuda::make_matmul_engine(context(), wrong), InvalidArgument);
        wrong = x;
        wrong.extra = MatmulExtra::column_sums;
        wrong.transpose_b = true;
        EXPECT_THROW(cuda::make_matmul_engine(context(), wrong), InvalidArgument);
        synchronize(context());
    }
}

INSTANTIATE_FOR_CUDA(MatmulEngineTest);

}  // namespace
}  // namespace kickdrum
