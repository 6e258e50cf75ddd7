// SPDX-License-Identifier: MIT
#include "kernels/ops/softmax_cross_entropy.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/support/device_test.h"
#include "tests/support/test_tensor.h"

namespace kickdrum {
namespace {

class SoftmaxCrossEntropyTest : public DeviceTest {};
INSTANTIATE_FOR_DEVICES(SoftmaxCrossEntropyTest);

struct Problem {
    Problem(Context& context, std::int64_t rows, std::int64_t classes, DType dtype = DType::f32)
        : logits(context, {rows, classes}, dtype),
          probabilities(context, {rows, classes}),
          gradient(context, {rows, classes}, dtype),
          labels(context, {rows}, DType::i32),
          weights(context, {rows}),
          loss(context, {rows}),
          state(context) {
        logits.randomize("logits", 3);
        std::vector<std::int32_t> label;
        std::vector<float> weight;
        for (std::int64_t row = 0; row < rows; ++row) {
            label.push_back(static_cast<std::int32_t>(row * 7 % classes));
            weight.push_back(0.5F + static_cast<float>(row % 3));
        }
        labels.assign(label);
        weights.assign(weight);
    }
    void run(Context& context, float smoothing, float scale) {
        state.set({.loss_scale = scale, .rows = static_cast<std::int32_t>(logits.tensor().rows())});
        softmax_cross_entropy(context, {smoothing}, logits, labels, weights, state, probabilities, loss,
                              gradient);
    }

    TestTensor logits;
    TestTensor probabilities;
    TestTensor gradient;
    TestTensor labels;
    TestTensor weights;
    TestTensor loss;
    TestState state;
};

// The formulas, one row, straightforwardly.
struct Reference {
    std::vector<double> probabilities;
    std::vector<double> targets;
    double loss = 0;
};

Reference reference(const std::vector<double>& logits, std::int32_t label, double weight, double smoothing) {
    double sum = 0;
    for (const double z : logits) sum += std::exp(z);
    Reference row;
    for (std::size_t k = 0; k < logits.size(); ++k) {
        const double hot = static_cast<std::int32_t>(k) == label ? 1 : 0;
        row.probabilities.push_back(std::exp(logits[k]) / sum);
        row.targets.push_back(hot * (1 - smoothing) + smoothing / static_cast<double>(logits.size()));
        row.loss -= weight * row.targets[k] * std::log(row.probabilities[k]);
    }
    return row;
}

std::vector<double> row_of(const std::vector<float>& values, std::size_t row, std::size_t classes) {
    const auto first = values.begin() + static_cast<std::ptrdiff_t>(row * classes);
    return {first, first + static_cast<std::ptrdiff_t>(classes)};
}

// Compares all rows with the formulas. Gradients may be off by `tolerance` of themselves, beside 2e-7.
void expect_formulas(const Problem& problem, double smoothing, double scale, double tolerance = 0) {
    const auto classes = static_cast<std::size_t>(problem.logits.tensor().shape[1]);
    const auto logits = problem.logits.values();
    const auto labels = problem.labels.integers();
    const auto weights = problem.weights.values();
    const auto losses = problem.loss.values();
    const auto probabilities = problem.probabilities.values();
    const auto gradients = problem.gradient.values();
    for (std::size_t row = 0; row < labels.size(); ++row) {
        const auto weight = static_cast<double>(weights[row]);
        const Reference expected = reference(row_of(logits, row, classes), labels[row], weight, smoothing);
        EXPECT_NEAR(static_cast<double>(losses[row]), expected.loss, 2e-7 * std::max(1.0, expected.loss));
        for (std::size_t k = 0; k < classes; ++k) {
            const std::size_t e = row * classes + k;
            const double gradient = weight * (expected.probabilities[k] - expected.targets[k]) * scale;
            EXPECT_NEAR(static_cast<double>(probabilities[e]), expected.probabilities[k], 1e-7);
            EXPECT_NEAR(static_cast<double>(gradients[e]), gradient, 2e-7 + tolerance * std::abs(gradient));
        }
    }
}

TEST_P(SoftmaxCrossEntropyTest, MatchesFormulas) {
    for (const auto& [rows, classes] : {std::pair{1L, 2L}, {1L, 1L}, {40L, 3L}, {64L, 10L}, {5L, 133L}}) {
        for (const float smoothing : {0.0F, 0.1F}) {
            SCOPED_TRACE(testing::Message() << rows << "x" << classes << ", smoothing " << smoothing);
            Problem problem(context(), rows, classes);
            const float scale = 1 / static_cast<float>(rows);
            problem.run(context(), smoothing, scale);
            expect_formulas(problem, static_cast<double>(smoothing), static_cast<double>(scale));
        }
    }
}

// Only the gradient is rounded to 8 bits.
TEST_P(SoftmaxCrossEntropyTest, TakesBf16OnCuda) {
    if (on_cpu()) GTEST_SKIP() << "the CPU has no bf16";
    for (const std::int64_t classes : {2, 10, 70}) {
        Problem problem(context(), 20, classes, DType::bf16);
        problem.run(context(), 0.1F, 0.05F);
        expect_formulas(problem, static_cast<double>(0.1F), static_cast<double>(0.05F), 1.0 / 256);
        TestTensor p(context(), {20, classes});
        softmax(context(), problem.logits, p);
        EXPECT_EQ(p.values(), problem.probabilities.values());
    }
}

// d (sum of row losses * scale) / d logit by central differences of the formula.
TEST_P(SoftmaxCrossEntropyTest, GradientMatchesDifferences) {
    Problem problem(context(), 4, 5);
    problem.run(context(), 0.2F, 0.25F);
    const auto all_logits = problem.logits.values();
    const auto labels = problem.labels.integers();
    const auto weights = problem.weights.values();
    const auto gradient = problem.gradient.values();
    for (std::size_t row = 0; row < 4; ++row) {
        for (std::size_t k = 0; k < 5; ++k) {
            const auto loss_at = [&](double shift) {
                auto logits = row_of(all_logits, row, 5);
                logits[k] += shift;
                return reference(logits, labels[row], static_cast<double>(weights[row]), 0.2).loss;
            };
            const double slope = 0.25 * (loss_at(1e-5) - loss_at(-1e-5)) / 2e-5;
            EXPECT_NEAR(static_cast<double>(gradient[row * 5 + k]), slope, 1e-6);
        }
    }
}

TEST_P(SoftmaxCrossEntropyTest, IsStableForHugeLogits) {
    Problem problem(context(), 2, 3);
    problem.logits.assign(std::vector<float>{1000, -1000, 999, -3e38F, 3e38F, 0});
    problem.labels.assign(std::vector<std::int32_t>{1, 1});
    problem.weights.assign(std::vector<float>{1, 1});
    problem.run(context(), 0, 1);
    const auto loss = problem.loss.values();
    const auto gradient = problem.gradient.values();
    EXPECT_NEAR(static_cast<double>(loss[0]), 2000 + std::log1p(std::exp(-1.0)), 1e-3);
    EXPECT_EQ(loss[1], 0);
    for (const float value : gradient) EXPECT_TRUE(std::isfinite(value));
    EXPECT_FLOAT_EQ(gradient[1], -1);
}

// Close to certainty 1 - p must keep its digits.
TEST_P(SoftmaxCrossEntropyTest, NearlyCertainRowsKeepTheirGradient) {
    Problem problem(context(), 1, 2);
    problem.logits.assign(std::vector<float>{20, 0});
    problem.labels.assign(std::vector<std::int32_t>{0});
    problem.weights.assign(std::vector<float>{1});
    problem.run(context(), 0, 1);
    const double rest = std::exp(-20.0) / (1 + std::exp(-20.0));
    EXPECT_NEAR(static_cast<double>(problem.loss.values()[0]) / rest, 1, 1e-6);
    EXPECT_NEAR(static_cast<double>(problem.gradient.values()[0]) / -rest, 1, 1e-6);
}

TEST_P(SoftmaxCrossEntropyTest, NanShows) {
    Problem problem(context(), 1, 3);
    problem.logits.assign(std::vector<float>{0, std::nanf(""), 1});
    problem.run(context(), 0, 1);
    EXPECT_TRUE(std::isnan(problem.loss.values()[0]));
}

TEST_P(SoftmaxCrossEntropyTest, InPlaceAndWithoutGradient) {
    Problem problem(context(), 20, 7);
    problem.run(context(), 0.1F, 1);
    Problem other(context(), 20, 7);
    other.state.set({.rows = 20});
    softmax_cross_entropy(context(), {0.1F}, other.logits, other.labels, other.weights, other.state,
                          other.probabilities, other.loss, Tensor{});
    EXPECT_EQ(other.probabilities.values(), problem.probabilities.values());
    EXPECT_EQ(other.loss.values(), problem.loss.values());
    softmax_cross_entropy(context(), {0.1F}, other.logits, other.labels, other.weights, other.state,
                          other.probabilities, other.loss, other.logits);
    EXPECT_EQ(other.logits.values(), problem.gradient.values());
}

TEST_P(SoftmaxCrossEntropyTest, AddsUpLossAndHits) {
    Problem problem(context(), 20, 3);
    problem.run(context(), 0, 1);
    const auto probabilities = problem.probabilities.values();
    const auto labels = problem.labels.integers();
    double loss = 0;
    for (const float value : problem.loss.values()) loss += static_cast<double>(value);
    std::int64_t correct = 0;
    for (std::size_t row = 0; row < labels.size(); ++row) {
        const auto first = probabilities.begin() + static_cast<std::ptrdiff_t>(3 * row);
        if (std::max_element(first, first + 3) - first == labels[row]) ++correct;
    }
    ASSERT_GT(correct, 0);
    EXPECT_EQ(problem.state.get().correct, correct);
    EXPECT_NEAR(problem.state.get().loss_sum, loss, 1e-12 * loss);
    softmax_cross_entropy(context(), {}, problem.logits, problem.labels, problem.weights, problem.state,
                          problem.probabilities, problem.loss, Tensor{});
    EXPECT_EQ(problem.state.get().correct, 2 * correct);
    EXPECT_NEAR(problem.state.get().loss_sum, 2 * loss, 1e-12 * loss);
}

// Wherever it stands among more classes than a warp has lanes.
TEST_P(SoftmaxCrossEntropyTest, FindsTheMostProbableOfManyClasses) {
    constexpr std::size_t kClasses = 70;
    Problem problem(context(), kClasses, kClasses);
    std::vector<float> logits(kClasses * kClasses);
    std::vector<std::int32_t> labels;
    for (std::size_t row = 0; row < kClasses; ++row) {
        logits[row * kClasses + row] = 1;
        labels.push_back(static_cast<std::int32_t>(row));
    }
    problem.logits.assign(logits);
    problem.labels.assign(labels);
    problem.run(context(), 0, 1);
    EXPECT_EQ(problem.state.get().correct, static_cast<std::int64_t>(kClasses));
}

TEST_P(SoftmaxCrossEntropyTest, PaddingCountsForNothing) {
    Problem whole(context(), 7, 4);
    whole.run(context(), 0.1F, 0.2F);
    const StepState expected = whole.state.get();
    Problem padded(context(), 10, 4);
    padded.state.set({.loss_scale = 0.2F, .rows = 7});
    softmax_cross_entropy(context(), {0.1F}, padded.logits, padded.labels, padded.weights, padded.state,
                          padded.probabilities, padded.loss, padded.gradient);
    EXPECT_EQ(padded.state.get().loss_sum, expected.loss_sum);
    EXPECT_EQ(padded.state.get().correct, expected.correct);
    const auto gradient = padded.gradient.values();
    const std::vector<float> counted(gradient.begin(), gradient.begin() + 28);
    EXPECT_EQ(counted, whole.gradient.values());
    for (std::size_t i = 28; i < gradient.size(); ++i) EXPECT_EQ(gradient[i], 0) << i;
}

TEST_P(SoftmaxCrossEntropyTest, SoftmaxMatchesAlsoInPlace) {
    Problem problem(context(), 33, 6);
    problem.run(context(), 0, 1);
    TestTensor p(context(), {33, 6});
    softmax(context(), problem.logits, p);
    EXPECT_EQ(p.values(), problem.probabilities.values());
    softmax(context(), problem.logits, problem.logits);
    EXPECT_EQ(problem.logits.values(), p.values());
}

TEST_P(SoftmaxCrossEntropyTest, SameBitsForEveryNumberOfThreadsAndNoAllocation) {
    Problem problem(context(), 100, 9);
    problem.run(context(), 0.1F, 1);
    const auto gradient = problem.gradient.values();
    for (const int threads : {1, 2, 3}) {
        const auto other = make_context(threads);
        other->freeze();
        problem.run(*other, 0.1F, 1);
        EXPECT_EQ(problem.gradient.values(), gradient);
    }
}

TEST_P(SoftmaxCrossEntropyTest, LabelsOutsideTheClassesThrowOrShow) {
    Problem problem(context(), 3, 4);
    for (const std::int32_t label : {-1, 4}) {
        problem.labels.assign(std::vector<std::int32_t>{0, label, 0});
        if (on_cpu()) {
            EXPECT_THROW(problem.run(context(), 0, 1), InvalidArgument);
            continue;
        }
        problem.run(context(), 0, 1);
        const auto loss = problem.loss.values();
        EXPECT_TRUE(std::isfinite(loss[0]) && std::isnan(loss[1]) && std::isfinite(loss[2]));
        EXPECT_TRUE(std::isnan(problem.state.get().loss_sum));
        const auto gradient = problem.gradient.values();
        for (std::size_t i = 0; i < gradient.size(); ++i) {
            EXPECT_EQ(std::isnan(gradient[i]), i / 4 == 1) << i;
        }
    }
}

TEST_P(SoftmaxCrossEntropyTest, RejectsWhatDoesNotFit) {
    Problem problem(context(), 3, 4);
    EXPECT_THROW(problem.run(context(), 1, 1), InvalidArgument);
    EXPECT_THROW(problem.run(context(), -0.1F, 1), InvalidArgument);
    TestTensor narrow(context(), {3, 3});
    TestTensor cube(context(), {3, 2, 2});
    EXPECT_THROW(softmax(context(), problem.logits, narrow), InvalidArgument);
    EXPECT_THROW(softmax(context(), cube, cube), InvalidArgument);
    EXPECT_THROW(
        softmax_cross_entropy(context(), {}, problem.logits, problem.labels, problem.weights, problem.state,
                              problem.probabilities, problem.loss, problem.probabilities),
        InvalidArgument);
}

// Mixtures: the targets are shared between two labels, also where both are the same.
TEST_P(SoftmaxCrossEntropyTest, MixedLabels) {
    constexpr std::int64_t kRows = 40;
    constexpr std::int64_t kClasses = 5;
    Problem problem(context(), kRows, kClasses);
    const auto logits = problem.logits.values();
    const auto labels = problem.labels.integers();
    const auto weights = problem.weights.values();
    TestTensor others(context(), {kRows}, DType::i32);
    TestTensor shares(context(), {kRows});
    std::vector<std::int32_t> other;
    std::vector<float> share;
    for (std::int64_t row = 0; row < kRows; ++row) {
        other.push_back(static_cast<std::int32_t>(row * 3 % kClasses));
        share.push_back(0.5F + static_cast<float>(row) / 80);
    }
    others.assign(other);
    shares.assign(share);
    constexpr double kSmoothing = 0.1;
    problem.state.set({.loss_scale = 0.25F, .rows = kRows});
    softmax_cross_entropy(context(), {0.1F}, problem.logits, problem.labels, problem.weights, problem.state,
                          problem.probabilities, problem.loss, problem.gradient,
                          {.other_labels = others, .shares = shares});
    const auto loss = problem.loss.values();
    const auto gradient = problem.gradient.values();
    for (std::size_t row = 0; row < kRows; ++row) {
        const auto own_share = static_cast<double>(share[row]);
        const auto weight = static_cast<double>(weights[row]);
        std::vector<double> z;
        double sum = 0;
        for (std::size_t k = 0; k < kClasses; ++k) {
            z.push_back(static_cast<double>(logits[row * kClasses + k]));
            sum += std::exp(z[k]);
        }
        double expected = 0;
        for (std::size_t k = 0; k < kClasses; ++k) {
            const auto hot = [&](std::int32_t label) {
                return static_cast<std::int32_t>(k) == label ? 1.0 : 0.0;
            };
            const double target =
                (1 - kSmoothing) * (own_share * hot(labels[row]) + (1 - own_share) * hot(other[row])) +
                kSmoothing / kClasses;
            const double probability = std::exp(z[k]) / sum;
            expected -= weight * target * std::log(probability);
            EXPECT_NEAR(static_cast<double>(gradient[row * kClasses + k]),
                        weight * (probability - target) * 0.25, 1e-6);
        }
        EXPECT_NEAR(static_cast<double>(loss[row]), expected, 1e-5 * std::abs(expected));
    }
}

}  // namespace
}  // namespace kickdrum
