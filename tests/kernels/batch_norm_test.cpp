// SPDX-License-Identifier: MIT
#include "kernels/ops/batch_norm.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/device_test.h"
#include "tests/support/test_tensor.h"

namespace kickdrum {
namespace {

class BatchNormTest : public DeviceTest {};
INSTANTIATE_FOR_DEVICES(BatchNormTest);

struct Problem {
    Problem(Context& context, const Shape& shape, DType dtype = DType::f32)
        : channels{shape[shape.rank() - 1]},
          src(context, shape, dtype),
          dst(context, shape, dtype),
          diff_dst(context, shape, dtype),
          diff_src(context, shape, dtype),
          gamma(context, channels),
          beta(context, channels),
          moving_mean(context, channels),
          moving_variance(context, channels),
          saved_mean(context, channels),
          saved_inv_std(context, channels),
          diff_gamma(context, channels),
          diff_beta(context, channels),
          scratch(context, {static_cast<std::int64_t>(batch_norm_scratch_bytes(shape))}, DType::u8) {
        src.randomize("src", 2);
        diff_dst.randomize("diff_dst");
        gamma.randomize("gamma");
        beta.randomize("beta");
        moving_mean.randomize("moving_mean");
        auto variances = moving_variance.randomize("moving_variance").values();
        for (auto& variance : variances) variance = std::abs(variance) + 0.1F;
        moving_variance.assign(variances);
    }
    BatchNormParameters parameters() const { return {gamma, beta, moving_mean, moving_variance}; }
    void forward(Context& context) {
        batch_norm_forward_training(context, spec, src, parameters(), dst, saved_mean, saved_inv_std, nullptr,
                                    scratch);
    }
    void backward(Context& context) {
        batch_norm_backward(context, spec, src, gamma, saved_mean, saved_inv_std, diff_dst, diff_src,
                            diff_gamma, diff_beta, nullptr, scratch);
    }

    BatchNormSpec spec = {.momentum = 0.9F, .epsilon = 1e-3F};
    Shape channels;
    TestTensor src, dst, diff_dst, diff_src;
    TestTensor gamma, beta, moving_mean, moving_variance, saved_mean, saved_inv_std, diff_gamma, diff_beta;
    TestTensor scratch;
};

// Two passes in double precision.
struct Moments {
    std::vector<double> mean, variance, inv_std;
};

Moments moments_of(const std::vector<double>& src, std::size_t channels, double epsilon) {
    const auto rows = static_cast<double>(src.size() / channels);
    Moments moments{std::vector<double>(channels), std::vector<double>(channels), {}};
    for (std::size_t i = 0; i < src.size(); ++i) moments.mean[i % channels] += src[i] / rows;
    for (std::size_t i = 0; i < src.size(); ++i) {
        moments.variance[i % channels] += std::pow(src[i] - moments.mean[i % channels], 2) / rows;
    }
    for (const double variance : moments.variance)
        moments.inv_std.push_back(1 / std::sqrt(variance + epsilon));
    return moments;
}

std::vector<double> doubles(const TestTensor& tensor) {
    const auto values = tensor.values();
    return {values.begin(), values.end()};
}

std::vector<double> normalized(const std::vector<double>& src, const Moments& moments,
                               const TestTensor& gamma, const TestTensor& beta) {
    const std::size_t channels = moments.mean.size();
    const auto g = doubles(gamma);
    const auto b = doubles(beta);
    std::vector<double> dst;
    for (std::size_t i = 0; i < src.size(); ++i) {
        const std::size_t k = i % channels;
        dst.push_back((src[i] - moments.mean[k]) * moments.inv_std[k] * g[k] + b[k]);
    }
    return dst;
}

// One channel, repeated rows, tiles, several pieces, and rests of each; two and four axes.
const Shape kShapes[] = {{2, 3, 5, 1},    {40, 7},        {3, 50, 33, 3},   {5, 9, 8, 20}, {4, 33, 32, 64},
                         {3, 20, 11, 63}, {2, 5, 7, 130}, {70, 1, 1, 2050}, {9, 1030}};

TEST_P(BatchNormTest, TrainingMatchesReference) {
    for (const Shape& shape : kShapes) {
        SCOPED_TRACE(to_string(shape));
        Problem problem(context(), shape);
        const auto moving_mean = doubles(problem.moving_mean);
        const auto moving_variance = doubles(problem.moving_variance);
        const auto src = doubles(problem.src);
        const auto channels = static_cast<std::size_t>(problem.channels[0]);
        const Moments expected = moments_of(src, channels, 1e-3);
        problem.forward(context());
        EXPECT_LT(
            relative_error(problem.dst.values(), normalized(src, expected, problem.gamma, problem.beta)),
            1e-6);
        EXPECT_LT(relative_error(problem.saved_mean.values(), expected.mean), 2e-7);
        EXPECT_LT(relative_error(problem.saved_inv_std.values(), expected.inv_std), 2e-7);
        std::vector<double> new_mean, new_variance;
        for (std::size_t k = 0; k < channels; ++k) {
            new_mean.push_back(moving_mean[k] * 0.9 + expected.mean[k] * 0.1);
            new_variance.push_back(moving_variance[k] * 0.9 + expected.variance[k] * 0.1);
        }
        EXPECT_LT(relative_error(problem.moving_mean.values(), new_mean), 2e-7);
        EXPECT_LT(relative_error(problem.moving_variance.values(), new_variance), 2e-7);
    }
}

TEST_P(BatchNormTest, InferenceMatchesReferenceAlsoInPlace) {
    for (const Shape& shape : kShapes) {
        SCOPED_TRACE(to_string(shape));
        Problem problem(context(), shape);
        Moments moving = {doubles(problem.moving_mean), doubles(problem.moving_variance), {}};
        for (const double variance : moving.variance)
            moving.inv_std.push_back(1 / std::sqrt(variance + 1e-3));
        const auto expected = normalized(doubles(problem.src), moving, problem.gamma, problem.beta);
        batch_norm_forward_inference(context(), problem.spec, problem.src, problem.parameters(), problem.dst);
        EXPECT_LT(relative_error(problem.dst.values(), expected), 1e-6);
        EXPECT_EQ(doubles(problem.moving_mean), moving.mean);
        batch_norm_forward_inference(context(), problem.spec, problem.src, problem.parameters(), problem.src);
        EXPECT_EQ(problem.src.values(), problem.dst.values());
    }
}

// Computed as in f32 and rounded once.
TEST_P(BatchNormTest, TakesBf16OnCuda) {
    if (on_cpu()) GTEST_SKIP() << "the CPU has no bf16";
    for (const Shape& shape : {Shape{40, 7}, {5, 9, 8, 24}, {70, 1, 1, 264}}) {
        SCOPED_TRACE(to_string(shape));
        Problem narrow(context(), shape, DType::bf16);
        Problem wide(context(), shape);
        wide.src.assign(narrow.src.values());
        wide.diff_dst.assign(narrow.diff_dst.values());
        for (Problem* problem : {&narrow, &wide}) {
            problem->forward(context());
            problem->backward(context());
        }
        const auto rounding = [](const TestTensor& actual, const TestTensor& expected) {
            return relative_error(actual.values(), doubles(expected));
        };
        EXPECT_LT(rounding(narrow.dst, wide.dst), 1.01 / 256);
        EXPECT_LT(rounding(narrow.diff_src, wide.diff_src), 1.01 / 256);
        EXPECT_LT(rounding(narrow.saved_inv_std, wide.saved_inv_std), 2e-7);
        EXPECT_LT(rounding(narrow.diff_gamma, wide.diff_gamma), 1e-6);
        EXPECT_LT(rounding(narrow.moving_mean, wide.moving_mean), 2e-7);
        for (Problem* problem : {&narrow, &wide}) {
            batch_norm_forward_inference(context(), problem->spec, problem->src, problem->parameters(),
                                         problem->dst);
        }
        EXPECT_LT(rounding(narrow.dst, wide.dst), 1.01 / 256);
    }
}

TEST_P(BatchNormTest, BackwardMatchesFormula) {
    for (const Shape& shape : kShapes) {
        SCOPED_TRACE(to_string(shape));
        Problem problem(context(), shape);
        problem.forward(context());
        problem.backward(context());
        const auto src = doubles(problem.src);
        const auto dy = doubles(problem.diff_dst);
        const auto gamma = doubles(problem.gamma);
        const auto channels = static_cast<std::size_t>(problem.channels[0]);
        const auto rows = static_cast<double>(src.size() / channels);
        const Moments moments = moments_of(src, channels, 1e-3);
        const auto hat = [&](std::size_t i) {
            return (src[i] - moments.mean[i % channels]) * moments.inv_std[i % channels];
        };
        std::vector<double> beta_gradient(channels), gamma_gradient(channels), gradient;
        for (std::size_t i = 0; i < src.size(); ++i) {
            beta_gradient[i % channels] += dy[i];
            gamma_gradient[i % channels] += dy[i] * hat(i);
        }
        for (std::size_t i = 0; i < src.size(); ++i) {
            const std::size_t k = i % channels;
            gradient.push_back(gamma[k] * moments.inv_std[k] *
                               (dy[i] - beta_gradient[k] / rows - hat(i) * gamma_gradient[k] / rows));
        }
        EXPECT_LT(relative_error(problem.diff_beta.values(), beta_gradient), 1e-6);
        EXPECT_LT(relative_error(problem.diff_gamma.values(), gamma_gradient), 1e-6);
        EXPECT_LT(relative_error(problem.diff_src.values(), gradient), 1e-6);
        const auto separate = problem.diff_src.values();
        batch_norm_backward(context(), problem.spec, problem.src, problem.gamma, problem.saved_mean,
                            problem.saved_inv_std, problem.diff_dst, problem.diff_dst, problem.diff_gamma,
                            problem.diff_beta, nullptr, problem.scratch);
        EXPECT_EQ(problem.diff_dst.values(), separate) << "in place";
    }
}

// d sum(dst * diff_dst) / d src[i] by central differences of the double-precision forward pass.
TEST_P(BatchNormTest, BackwardMatchesDifferences) {
    Problem problem(context(), {2, 3, 3, 4});
    problem.forward(context());
    problem.backward(context());
    const auto src = doubles(problem.src);
    const auto dy = doubles(problem.diff_dst);
    const auto loss = [&](std::vector<double> x, std::size_t i, double shift) {
        x[i] += shift;
        const auto y = normalized(x, moments_of(x, 4, 1e-3), problem.gamma, problem.beta);
        double sum = 0;
        for (std::size_t e = 0; e < y.size(); ++e) sum += y[e] * dy[e];
        return sum;
    };
    std::vector<double> slopes;
    for (std::size_t i = 0; i < src.size(); ++i) {
        slopes.push_back((loss(src, i, 1e-5) - loss(src, i, -1e-5)) / 2e-5);
    }
    EXPECT_LT(relative_error(problem.diff_src.values(), slopes), 1e-5);
}

// Mean 1000, deviation 0.01: the squares' difference would be lost in single precision.
TEST_P(BatchNormTest, KeepsASmallVarianceBesideALargeMean) {
    for (const std::int64_t channels : {1, 3, 64, 96}) {
        SCOPED_TRACE(channels);
        Problem problem(context(), {20, 30, 30, channels});
        problem.spec.epsilon = 1e-9F;
        auto values = problem.src.values();
        for (auto& value : values) value = 1000 + 0.005F * value;
        problem.src.assign(values);
        const auto src = doubles(problem.src);
        const Moments expected = moments_of(src, static_cast<std::size_t>(channels), 1e-9);
        problem.forward(context());
        EXPECT_LT(relative_error(problem.saved_inv_std.values(), expected.inv_std), 2e-7);
        EXPECT_LT(
            relative_error(problem.dst.values(), normalized(src, expected, problem.gamma, problem.beta)),
            1e-5);
    }
}

TEST_P(BatchNormTest, AConstantChannelGivesBeta) {
    Problem problem(context(), {64, 5});
    problem.src.assign(std::vector<float>(320, 12345.678F));
    problem.forward(context());
    const auto dst = problem.dst.values();
    const auto beta = problem.beta.values();
    for (std::size_t i = 0; i < dst.size(); ++i) EXPECT_EQ(dst[i], beta[i % 5]);
}

TEST_P(BatchNormTest, NanShows) {
    Problem problem(context(), {64, 2});
    auto values = problem.src.values();
    values[40] = std::nanf("");
    problem.src.assign(values);
    problem.forward(context());
    const auto dst = problem.dst.values();
    EXPECT_TRUE(std::isnan(dst[0]));
    EXPECT_FALSE(std::isnan(dst[1]));
}

TEST_P(BatchNormTest, SameBitsForEveryNumberOfThreadsAndNoAllocation) {
    for (const Shape& shape : kShapes) {
        SCOPED_TRACE(to_string(shape));
        std::vector<float> dst, diff_src, diff_gamma;
        for (const int threads : {1, 2, 3}) {
            const auto other = make_context(threads);
            Problem problem(*other, shape);
            other->freeze();
            problem.forward(*other);
            problem.backward(*other);
            if (dst.empty()) {
                dst = problem.dst.values();
                diff_src = problem.diff_src.values();
                diff_gamma = problem.diff_gamma.values();
            }
            EXPECT_EQ(problem.dst.values(), dst);
            EXPECT_EQ(problem.diff_src.values(), diff_src);
            EXPECT_EQ(problem.diff_gamma.values(), diff_gamma);
        }
    }
}

// A padded batch gives what its counted rows alone give; padding gets zeros.
TEST_P(BatchNormTest, PaddingCountsForNothing) {
    Problem whole(context(), {3, 4, 5, 6});
    whole.forward(context());
    whole.backward(context());
    Problem padded(context(), {5, 4, 5, 6});
    const TestState state(context(), {.rows = 3});
    batch_norm_forward_training(context(), padded.spec, padded.src, padded.parameters(), padded.dst,
                                padded.saved_mean, padded.saved_inv_std, state, padded.scratch);
    batch_norm_backward(context(), padded.spec, padded.src, padded.gamma, padded.saved_mean,
                        padded.saved_inv_std, padded.diff_dst, padded.diff_src, padded.diff_gamma,
                        padded.diff_beta, state, padded.scratch);
    EXPECT_EQ(padded.saved_mean.values(), whole.saved_mean.values());
    EXPECT_EQ(padded.moving_variance.values(), whole.moving_variance.values());
    EXPECT_EQ(padded.diff_gamma.values(), whole.diff_gamma.values());
    EXPECT_EQ(padded.diff_beta.values(), whole.diff_beta.values());
    for (const auto& [actual, expected] : {std::pair{padded.dst.values(), whole.dst.values()},
                                           std::pair{padded.diff_src.values(), whole.diff_src.values()}}) {
        for (std::size_t i = 0; i < actual.size(); ++i) {
            ASSERT_EQ(actual[i], i < expected.size() ? expected[i] : 0) << i;
        }
    }
}

// Groups of 3 among 8 clips, the last of 2, of which one is padding: each as if it were a batch of its own,
// and what is learnt is the sum. A fourth group is all padding.
TEST_P(BatchNormTest, GroupsOfClipsHaveTheirOwnMoments) {
    constexpr std::int64_t kSize = 3, kCells = 4 * 5, kChannels = 6;
    Problem grouped(context(), {10, 4, 5, kChannels});
    grouped.spec.statistics_size = kSize;
    ASSERT_EQ(batch_norm_groups(grouped.spec, 10), 4);
    TestTensor saved_mean(context(), {4 * kChannels}), saved_inv_std(context(), {4 * kChannels});
    const auto slice = [](const std::vector<float>& all, std::int64_t first, std::int64_t count) {
        const auto begin = all.begin() + first * kCells * kChannels;
        return std::vector<float>(begin, begin + count * kCells * kChannels);
    };
    std::vector<float> dst, diff_src;
    std::vector<double> diff_gamma(kChannels), diff_beta(kChannels);
    std::vector<float> moving_mean = grouped.moving_mean.values();
    std::vector<float> moving_variance = grouped.moving_variance.values();
    for (const auto& [first, count] : {std::pair{0, 3}, {3, 3}, {6, 1}}) {
        Problem alone(context(), {count, 4, 5, kChannels});
        alone.src.assign(slice(grouped.src.values(), first, count));
        alone.diff_dst.assign(slice(grouped.diff_dst.values(), first, count));
        alone.moving_mean.assign(moving_mean);
        alone.moving_variance.assign(moving_variance);
        alone.forward(context());
        alone.backward(context());
        moving_mean = alone.moving_mean.values();
        moving_variance = alone.moving_variance.values();
        for (const float value : alone.dst.values()) dst.push_back(value);
        for (const float value : alone.diff_src.values()) diff_src.push_back(value);
        for (std::size_t k = 0; k < kChannels; ++k) {
            diff_gamma[k] += static_cast<double>(alone.diff_gamma.values()[k]);
            diff_beta[k] += static_cast<double>(alone.diff_beta.values()[k]);
        }
    }
    dst.resize(10 * kCells * kChannels, 0);
    diff_src.resize(dst.size(), 0);
    const TestState state(context(), {.rows = 7});
    batch_norm_forward_training(context(), grouped.spec, grouped.src, grouped.parameters(), grouped.dst,
                                saved_mean, saved_inv_std, state, grouped.scratch);
    batch_norm_backward(context(), grouped.spec, grouped.src, grouped.gamma, saved_mean, saved_inv_std,
                        grouped.diff_dst, grouped.diff_src, grouped.diff_gamma, grouped.diff_beta, state,
                        grouped.scratch);
    EXPECT_EQ(grouped.dst.values(), dst);
    EXPECT_EQ(grouped.diff_src.values(), diff_src);
    EXPECT_EQ(grouped.moving_mean.values(), moving_mean);
    EXPECT_EQ(grouped.moving_variance.values(), moving_variance);
    EXPECT_LT(relative_error(grouped.diff_gamma.values(), diff_gamma), 1e-6);
    EXPECT_LT(relative_error(grouped.diff_beta.values(), diff_beta), 1e-6);
}

TEST_P(BatchNormTest, RejectsWhatDoesNotFit) {
    Problem problem(context(), {4, 5, 6});
    TestTensor seven(context(), {7});
    TestTensor small(context(), {8}, DType::u8);
    const auto train = [&](const BatchNormSpec& spec, const BatchNormParameters& parameters,
                           const Tensor& dst, const Tensor& scratch) {
        batch_norm_forward_training(context(), spec, problem.src, parameters, dst, problem.saved_mean,
                                    problem.saved_inv_std, nullptr, scratch);
    };
    EXPECT_NO_THROW(train(problem.spec, problem.parameters(), problem.dst, problem.scratch));
    EXPECT_THROW(train(problem.spec, problem.parameters(), problem.src, problem.scratch), InvalidArgument);
    EXPECT_THROW(train(problem.spec, problem.parameters(), seven, problem.scratch), InvalidArgument);
    EXPECT_THROW(train(problem.spec, problem.parameters(), problem.dst, small), InvalidArgument);
    EXPECT_THROW(train({.momentum = 1.5F}, problem.parameters(), problem.dst, problem.scratch),
                 InvalidArgument);
    EXPECT_THROW(train({.statistics_size = 2}, problem.parameters(), problem.dst, problem.scratch),
                 InvalidArgument)
        << "moments for one group only";
    EXPECT_THROW(train({.epsilon = 0}, problem.parameters(), problem.dst, problem.scratch), InvalidArgument);
    BatchNormParameters wrong = problem.parameters();
    wrong.gamma = seven;
    EXPECT_THROW(train(problem.spec, wrong, problem.dst, problem.scratch), InvalidArgument);
    EXPECT_THROW(batch_norm_forward_inference(context(), problem.spec, problem.src, wrong, problem.dst),
                 InvalidArgument);
    EXPECT_THROW(batch_norm_backward(context(), problem.spec, problem.src, problem.gamma, problem.saved_mean,
                                     problem.saved_inv_std, seven, problem.diff_src, problem.diff_gamma,
                                     problem.diff_beta, nullptr, problem.scratch),
                 InvalidArgument);
}

}  // namespace
}  // namespace kickdrum
