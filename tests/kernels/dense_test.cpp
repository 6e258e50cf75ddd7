// SPDX-License-Identifier: MIT
#include "kernels/ops/dense.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "tests/support/device_test.h"
#include "tests/support/test_tensor.h"

namespace kickdrum {
namespace {

class DenseTest : public DeviceTest {};
INSTANTIATE_FOR_DEVICES(DenseTest);

const std::vector<DenseSpec>& cases() {
    static const std::vector<DenseSpec> all = {
        {64, 512, 256},
        {1, 1, 1},
        {7, 33, 5},
        {64, 1000, 10, false},
        {13, 257, 65},
        {200, 40, 17},
        {3, 4099, 33},
        {64, 100, 40, true, true},
        {9, 33, 5, true, true, 0.25F},
        {5, 20, 67, false, true, 0.5F},
    };
    return all;
}

std::string describe(const DenseSpec& spec) {
    return fmt::format("{} x {} -> {}{}{}", spec.rows, spec.in, spec.out, spec.has_bias ? "" : ", no bias",
                       spec.relu ? fmt::format(", relu, dropout {}", spec.dropout) : "");
}

constexpr std::uint64_t kStep = 12;
const RandomStream kStream = random_stream(3, "dropout_1");

struct Problem {
    Problem(Context& context, const DenseSpec& spec)
        : dense(make_dense(context, spec)),
          src(context, {spec.rows, spec.in}, context.activation_dtype()),
          diff_src(context, {spec.rows, spec.in}, context.activation_dtype()),
          weights(context, {spec.in, spec.out}, context.activation_dtype()),
          diff_weights(context, {spec.in, spec.out}),
          bias(context, Shape{spec.out}),
          diff_bias(context, Shape{spec.out}),
          dst(context, {spec.rows, spec.out}, context.activation_dtype()),
          diff_dst(context, {spec.rows, spec.out}, context.activation_dtype()),
          scratch(context, Shape{static_cast<std::int64_t>(dense->scratch_bytes()) + 1}, DType::u8),
          state(context, {.step = kStep}) {
        src.randomize("src");
        weights.randomize("weights", 0.1F);
        bias.randomize("bias");
        diff_dst.randomize("diff_dst");
        scratch.assign(std::vector<std::uint8_t>(scratch.tensor().bytes(), 0xff));  // NaN, should it be read
        if (!spec.has_bias) bias_tensor = diff_bias_tensor = {};
    }
    void run(Context& context) const { run(context, src, dst, diff_dst, diff_src); }
    void run(Context& context, Tensor x, Tensor y, Tensor diff_y, Tensor diff_x) const {
        dense->forward(context, x, weights, bias_tensor, y, scratch, {kStream, state});
        dense->backward(context, x, y, diff_y, weights, diff_weights, diff_bias_tensor, diff_x, scratch);
    }

    std::unique_ptr<Dense> dense;
    TestTensor src, diff_src, weights, diff_weights, bias, diff_bias, dst, diff_dst, scratch;
    TestState state;
    Tensor bias_tensor = bias;
    Tensor diff_bias_tensor = diff_bias;
};

// c[i, j] = sum over k of a(i, k) b(k, j), plus start[j]
template <class A, class B>
std::vector<double> product(std::int64_t rows, std::int64_t depth, std::int64_t columns, A a, B b,
                            const std::vector<float>& start = {}) {
    std::vector<double> c;
    for (std::int64_t i = 0; i < rows; ++i) {
        for (std::int64_t j = 0; j < columns; ++j) {
            double sum = start.empty() ? 0 : static_cast<double>(start[static_cast<std::size_t>(j)]);
            for (std::int64_t k = 0; k < depth; ++k) {
                sum += static_cast<double>(a(i, k)) * static_cast<double>(b(k, j));
            }
            c.push_back(sum);
        }
    }
    return c;
}

auto matrix(const TestTensor& tensor) {
    return [data = tensor.values(), columns = tensor.tensor().shape[1]](std::int64_t i, std::int64_t j) {
        return data[static_cast<std::size_t>(i * columns + j)];
    };
}
auto transposed(const TestTensor& tensor) {
    return [m = matrix(tensor)](std::int64_t i, std::int64_t j) { return m(j, i); };
}

// What follows the product: ReLU, then the mask of dropout.h. diffs: through both, by what forward gave.
struct Masked {
    std::vector<double> values, diffs;
};
Masked masked(const DenseSpec& spec, std::vector<double> values, const std::vector<float>& given,
              const std::vector<float>& diff_dst) {
    std::vector<double> diffs(diff_dst.begin(),
                              diff_dst.begin() + static_cast<std::ptrdiff_t>(values.size()));
    if (!spec.relu) return {values, diffs};
    const double scale = 1 / (1 - static_cast<double>(spec.dropout));
    for (std::size_t e = 0; e < values.size(); ++e) {
        const bool kept = uniform01(philox(kStream, e / 4, kStep)[e % 4]) >= spec.dropout;
        values[e] = kept ? std::max(values[e], 0.0) * scale : 0;
        diffs[e] = given[e] > 0 ? diffs[e] * scale : 0;
    }
    return {values, diffs};
}

void expect_reference_forward(const Problem& problem, const DenseSpec& spec) {
    const auto product_values = product(spec.rows, spec.in, spec.out, matrix(problem.src),
                                        matrix(problem.weights), problem.bias.values());
    const Masked expected = masked(spec, product_values, problem.dst.values(), problem.diff_dst.values());
    EXPECT_LT(relative_error(problem.dst.values(), expected.values), 2e-6);
}

void expect_reference(const Problem& problem, const DenseSpec& spec, std::int64_t rows, const TestTensor& dst,
                      const TestTensor& diff_src) {
    const bool half = dst.tensor().dtype == DType::bf16;
    const double tolerance = half && spec.relu ? 4e-3 : 2e-6;  // the products see the gradient in bf16
    // A result in bf16 is rounded once: 2^-9.
    const double result_tolerance = half ? 4e-3 : 2e-6;
    const auto bias = spec.has_bias ? problem.bias.values() : std::vector<float>();
    const Masked expected =
        masked(spec, product(rows, spec.in, spec.out, matrix(problem.src), matrix(problem.weights), bias),
               dst.values(), problem.diff_dst.values());
    EXPECT_LT(relative_error(dst.values(), expected.values), result_tolerance);
    const auto diff = [&](std::int64_t i, std::int64_t o) {
        return expected.diffs[static_cast<std::size_t>(i * spec.out + o)];
    };
    EXPECT_LT(relative_error(diff_src.values(),
                             product(rows, spec.out, spec.in, diff, transposed(problem.weights))),
              result_tolerance);
    EXPECT_LT(relative_error(problem.diff_weights.values(),
                             product(spec.in, rows, spec.out, transposed(problem.src), diff)),
              tolerance);
    if (spec.has_bias) {
        const auto one = [](std::int64_t, std::int64_t) { return 1.0F; };
        EXPECT_LT(relative_error(problem.diff_bias.values(), product(1, rows, spec.out, one, diff)), 2e-6);
    }
}

TEST_P(DenseTest, MatchesReference) {
    for (const DenseSpec& spec : cases()) {
        SCOPED_TRACE(describe(spec));
        Problem problem(context(), spec);
        problem.run(context());
        expect_reference(problem, spec, spec.rows, problem.dst, problem.diff_src);
    }
}

// As behind ReLU: the CPU leaves out what is 0.
void set_negatives_to_zero(TestTensor& src) {
    auto values = src.values();
    for (float& value : values) value = value > 0 ? value : 0 * value;  // 0 or -0
    std::fill_n(values.begin(), src.tensor().shape[1], 0.0F);
    src.assign(values);
}

TEST_P(DenseTest, MatchesReferenceWhereMuchIsZero) {
    for (const DenseSpec& spec : cases()) {
        SCOPED_TRACE(describe(spec));
        Problem problem(context(), spec);
        set_negatives_to_zero(problem.src);
        problem.run(context());
        expect_reference(problem, spec, spec.rows, problem.dst, problem.diff_src);
    }
}

TEST_P(DenseTest, MatchesReferenceInBf16) {
    if (on_cpu()) GTEST_SKIP() << "the CPU computes in fp32 only";
    const auto bf16 = make_context(2, Math::bf16);
    for (const DenseSpec& spec : cases()) {
        SCOPED_TRACE(describe(spec));
        Problem problem(*bf16, spec);
        problem.run(*bf16);
        expect_reference(problem, spec, spec.rows, problem.dst, problem.diff_src);
    }
}

// Outside training nothing is dropped, and the gradient by the input is for who asks.
TEST_P(DenseTest, DropsWithAStateOnly) {
    const DenseSpec spec{9, 33, 20, true, true, 0.25F};
    Problem problem(context(), spec);
    problem.dense->forward(context(), problem.src, problem.weights, problem.bias, problem.dst,
                           problem.scratch);
    const DenseSpec plain{9, 33, 20, true, true};
    expect_reference_forward(problem, plain);
}

TEST_P(DenseTest, GivesTheSameParameterGradientsWithoutTheDataGradient) {
    for (const DenseSpec& spec : cases()) {
        SCOPED_TRACE(describe(spec));
        Problem problem(context(), spec);
        problem.run(context());
        const auto diff_weights = problem.diff_weights.values();
        const auto diff_src = problem.diff_src.values();
        problem.dense->backward(context(), problem.src, problem.dst, problem.diff_dst, problem.weights,
                                problem.diff_weights, problem.diff_bias_tensor, {}, problem.scratch);
        EXPECT_EQ(problem.diff_weights.values(), diff_weights);
        EXPECT_EQ(problem.diff_src.values(), diff_src);
    }
}

TEST_P(DenseTest, TakesFewerRowsThanPlanned) {
    for (const DenseSpec& spec : cases()) {
        for (const std::int64_t rows : {std::int64_t{1}, spec.rows - 1}) {
            if (rows < 1) continue;
            SCOPED_TRACE(describe(spec) + fmt::format(", {} rows", rows));
            Problem problem(context(), spec);
            TestTensor dst(context(), {rows, spec.out});
            TestTensor diff_src(context(), {rows, spec.in});
            problem.run(context(), problem.src.tensor().first_rows(rows), dst,
                        problem.diff_dst.tensor().first_rows(rows), diff_src);
            expect_reference(problem, spec, rows, dst, diff_src);
        }
    }
}

TEST_P(DenseTest, SameBitsForEveryNumberOfThreadsAndNoAllocation) {
    for (const DenseSpec& spec : cases()) {
        SCOPED_TRACE(describe(spec));
        std::vector<std::vector<float>> first;
        for (const int threads : {1, 2, 3}) {
            const auto other = make_context(threads);
            Problem problem(*other, spec);
            if (spec.in > 500) set_negatives_to_zero(problem.src);
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

TEST_P(DenseTest, NanStaysInItsRow) {
    for (const DenseSpec& spec :
         {DenseSpec{9, 50, 20}, DenseSpec{9, 50, 40}, DenseSpec{9, 50, 20, true, true}}) {
        Problem problem(context(), spec);
        auto src = problem.src.values();
        src[50] = std::numeric_limits<float>::quiet_NaN();
        problem.src.assign(src);
        problem.run(context());
        const auto dst = problem.dst.values();
        for (std::size_t i = 0; i < dst.size(); ++i)
            EXPECT_EQ(std::isnan(dst[i]), i / static_cast<std::size_t>(spec.out) == 1)
                << describe(spec) << ", " << i;
    }
}

TEST_P(DenseTest, RejectsWhatDoesNotFit) {
    Problem problem(context(), {4, 6, 3});
    TestTensor wrong(context(), {4, 5});
    TestTensor more(context(), {5, 6});
    TestTensor half(context(), {4, 6}, DType::bf16);  // not in Math::fp32
    const Tensor x = problem.src, y = problem.dst, w = problem.weights, b = problem.bias, s = problem.scratch;
    Dense& dense = *problem.dense;
    EXPECT_THROW(dense.forward(context(), wrong, w, b, y, s), InvalidArgument);
    EXPECT_THROW(dense.forward(context(), more, w, b, y, s), InvalidArgument);
    EXPECT_THROW(dense.forward(context(), half, w, b, y, s), InvalidArgument);
    EXPECT_THROW(dense.forward(context(), x, y, b, y, s), InvalidArgument);
    EXPECT_THROW(dense.forward(context(), x, w, {}, y, s), InvalidArgument);
    EXPECT_THROW(dense.backward(context(), wrong, {}, y, w, w, b, x, s), InvalidArgument);
    EXPECT_THROW(dense.backward(context(), x, {}, wrong, w, w, b, x, s), InvalidArgument);
    EXPECT_THROW(dense.backward(context(), x, {}, y, w, w, w, x, s), InvalidArgument);
    EXPECT_THROW(dense.backward(context(), x, {}, y, w, w, b, wrong, s), InvalidArgument);
    Problem relu(context(), {4, 6, 3, true, true});
    EXPECT_THROW(relu.dense->backward(context(), x, {}, y, w, w, b, x, relu.scratch), InvalidArgument);
    EXPECT_THROW(relu.dense->forward(context(), x, w, b, y, {}), InvalidArgument);
    EXPECT_THROW(make_dense(context(), {4, 6, 3, true, false, 0.5F}), InvalidArgument);
    EXPECT_THROW(make_dense(context(), {4, 6, 3, true, true, 1.0F}), InvalidArgument);
    EXPECT_THROW(make_dense(context(), {0, 6, 3}), InvalidArgument);
    EXPECT_THROW(make_dense(context(), {4, 6, 0}), InvalidArgument);
}

}  // namespace
}  // namespace kickdrum
