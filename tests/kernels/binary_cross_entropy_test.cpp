// SPDX-License-Identifier: MIT
#include "kernels/ops/binary_cross_entropy.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/support/device_test.h"
#include "tests/support/test_tensor.h"

namespace kickdrum {
namespace {

class BinaryCrossEntropyTest : public DeviceTest {};
INSTANTIATE_FOR_DEVICES(BinaryCrossEntropyTest);

constexpr std::int64_t kSets = 6;

struct Problem {
    Problem(Context& context, std::int64_t rows, std::int64_t classes, DType dtype = DType::f32)
        : context_(&context),
          logits(context, {rows, classes}, dtype),
          probabilities(context, {rows, classes}),
          gradient(context, {rows, classes}, dtype),
          labels(context, {rows}, DType::i32),
          others(context, {rows}, DType::i32),
          shares(context, {rows}),
          weights(context, {rows}),
          loss(context, {rows}),
          present(context, {kSets, classes}),
          class_weights(context, {2, classes}),
          state(context) {
        logits.randomize("logits", 3);
        std::vector<std::int32_t> label, other;
        std::vector<float> weight, share, set, of_class;
        for (std::int64_t row = 0; row < rows; ++row) {
            label.push_back(static_cast<std::int32_t>(row * 5 % kSets));
            other.push_back(static_cast<std::int32_t>((row * 2 + 1) % kSets));
            share.push_back(0.5F + 0.05F * static_cast<float>(row % 10));
            weight.push_back(0.5F + static_cast<float>(row % 3));
        }
        for (std::int64_t i = 0; i < kSets * classes; ++i) set.push_back(i * 7 % 11 < 4 ? 1.0F : 0.0F);
        for (std::int64_t i = 0; i < 2 * classes; ++i)
            of_class.push_back(0.25F * static_cast<float>(1 + i % 7));
        labels.assign(label);
        others.assign(other);
        shares.assign(share);
        weights.assign(weight);
        present.assign(set);
        class_weights.assign(of_class);
    }
    void run(float smoothing, float scale, bool mixed, std::int64_t counted) {
        state.set({.loss_scale = scale, .rows = static_cast<std::int32_t>(counted)});
        binary_cross_entropy(*context_, {smoothing}, {.present = present, .class_weights = class_weights},
                             logits, labels, weights, state, probabilities, loss, gradient,
                             mixed ? MixedLabels{.other_labels = others, .shares = shares} : MixedLabels{});
    }

    Context* context_;
    TestTensor logits, probabilities, gradient, labels, others, shares, weights, loss, present, class_weights;
    TestState state;
};

// The formulas, as they are written down; log(p) and log(1 - p) in double precision.
void expect_formulas(const Problem& problem, double smoothing, double scale, bool mixed, std::size_t counted,
                     double tolerance = 0) {
    const auto classes = static_cast<std::size_t>(problem.logits.tensor().shape[1]);
    const auto logits = problem.logits.values();
    const auto labels = problem.labels.integers();
    const auto others = problem.others.integers();
    const auto shares = problem.shares.values();
    const auto weights = problem.weights.values();
    const auto present = problem.present.values();
    const auto of_class = problem.class_weights.values();
    const auto losses = problem.loss.values();
    const auto probabilities = problem.probabilities.values();
    const auto gradients = problem.gradient.values();
    double sum = 0;
    std::int64_t correct = 0;
    for (std::size_t row = 0; row < labels.size(); ++row) {
        const double weight = row < counted ? static_cast<double>(weights[row]) : 0;
        const double share = mixed ? static_cast<double>(shares[row]) : 1;
        double loss = 0;
        bool all = true;
        for (std::size_t k = 0; k < classes; ++k) {
            const std::size_t e = row * classes + k;
            const auto own =
                static_cast<double>(present[static_cast<std::size_t>(labels[row]) * classes + k]);
            const auto other =
                static_cast<double>(present[static_cast<std::size_t>(others[row]) * classes + k]);
            const double has = share * own + (1 - share) * other;
            const double target = has * (1 - smoothing) + smoothing / 2;
            const double p = 1 / (1 + std::exp(-static_cast<double>(logits[e])));
            const double w = ((1 - has) * static_cast<double>(of_class[k]) +
                              has * static_cast<double>(of_class[classes + k])) /
                             static_cast<double>(classes);
            loss -= w * (target * std::log(p) + (1 - target) * std::log(1 - p));
            all = all && (p >= 0.5) == (own == 1);
            EXPECT_NEAR(static_cast<double>(probabilities[e]), p, 1e-7);
            const double gradient = weight * w * (p - target) * scale;
            EXPECT_NEAR(static_cast<double>(gradients[e]), gradient, 2e-7 + tolerance * std::abs(gradient));
        }
        EXPECT_NEAR(static_cast<double>(losses[row]), weight * loss, 3e-7 * std::max(1.0, weight * loss));
        if (row >= counted) continue;
        sum += static_cast<double>(losses[row]);
        correct += all ? 1 : 0;
    }
    EXPECT_DOUBLE_EQ(problem.state.get().loss_sum, sum);
    EXPECT_EQ(problem.state.get().correct, correct);
}

TEST_P(BinaryCrossEntropyTest, MatchesFormulas) {
    for (const auto& [rows, classes] : {std::pair{1L, 1L}, {1L, 2L}, {40L, 3L}, {64L, 10L}, {5L, 133L}}) {
        for (const float smoothing : {0.0F, 0.1F}) {
            for (const bool mixed : {false, true}) {
                SCOPED_TRACE(testing::Message() << rows << "x" << classes << ", smoothing " << smoothing);
                Problem problem(context(), rows, classes);
                const float scale = 1 / static_cast<float>(rows);
                problem.run(smoothing, scale, mixed, rows);
                expect_formulas(problem, static_cast<double>(smoothing), static_cast<double>(scale), mixed,
                                static_cast<std::size_t>(rows));
            }
        }
    }
}

TEST_P(BinaryCrossEntropyTest, PaddingCountsNowhere) {
    Problem problem(context(), 9, 4);
    problem.run(0, 1, false, 6);
    expect_formulas(problem, 0, 1, false, 6);
}

// Only the gradient is rounded to 8 bits.
TEST_P(BinaryCrossEntropyTest, TakesBf16OnCuda) {
    if (on_cpu()) GTEST_SKIP() << "the CPU has no bf16";
    Problem problem(context(), 20, 70, DType::bf16);
    problem.run(0.1F, 0.05F, true, 20);
    expect_formulas(problem, static_cast<double>(0.1F), static_cast<double>(0.05F), true, 20, 1.0 / 256);
}

TEST_P(BinaryCrossEntropyTest, LargeLogitsStayFinite) {
    Problem problem(context(), 2, 3);
    problem.logits.assign(std::vector<float>{1000, -1000, 88, -88, 0, 500});
    problem.run(0, 1, false, 2);
    for (const float loss : problem.loss.values()) EXPECT_TRUE(std::isfinite(loss));
    const std::vector<float> p = problem.probabilities.values();
    EXPECT_EQ(p[0], 1);
    EXPECT_EQ(p[1], 0);
    EXPECT_EQ(p[4], 0.5F);
}

TEST_P(BinaryCrossEntropyTest, ShapesAndLabelsAreChecked) {
    Problem problem(context(), 4, 3);
    const LabelSets sets{.present = problem.present, .class_weights = problem.class_weights};
    const auto call = [&](const LabelSets& given, float smoothing, Tensor labels) {
        binary_cross_entropy(context(), {smoothing}, given, problem.logits, labels, problem.weights,
                             problem.state, problem.probabilities, problem.loss, {});
    };
    EXPECT_THROW(call(sets, 1.0F, problem.labels), InvalidArgument);
    EXPECT_THROW(call(sets, 0, problem.labels.tensor().first_rows(3)), InvalidArgument);
    EXPECT_THROW(
        call({.present = problem.class_weights, .class_weights = problem.present}, 0, problem.labels),
        InvalidArgument);
    if (!on_cpu()) return;
    problem.state.set({.loss_scale = 1, .rows = 4});
    problem.labels.assign(std::vector<std::int32_t>{0, 1, 2, static_cast<std::int32_t>(kSets)});
    EXPECT_THROW(call(sets, 0, problem.labels), InvalidArgument);
}

TEST_P(BinaryCrossEntropyTest, SameBitsForAnyThreadCount) {
    if (!on_cpu()) GTEST_SKIP() << "threads are the CPU's";
    std::vector<float> first;
    for (const int threads : {1, 2, 3}) {
        const auto other = make_context(threads);
        Problem problem(*other, 70, 5);
        problem.run(0.1F, 0.1F, true, 70);
        auto bits = problem.gradient.values();
        const auto loss = problem.loss.values();
        bits.insert(bits.end(), loss.begin(), loss.end());
        if (first.empty()) first = bits;
        EXPECT_EQ(bits, first);
    }
}

}  // namespace
}  // namespace kickdrum
