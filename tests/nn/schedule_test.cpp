// SPDX-License-Identifier: MIT
// References: hand-worked values; torch 2.15's OneCycleLR (cosine annealing); traces of Keras 3.15's
// ReduceLROnPlateau.
#include "nn/training/schedule.h"

#include <gtest/gtest.h>

#include <limits>
#include <numbers>

#include "kernels/device/error.h"

namespace kickdrum {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

TEST(Schedule, Constant) {
    for (const std::int64_t step : {0, 1, 99}) EXPECT_EQ(learning_rate_at({}, 0.3, step, 10, 100), 0.3);
}

TEST(Schedule, WarmUpRisesLinearly) {
    const ScheduleSpec spec = {.warm_up_steps = 4};
    const double expected[] = {0.05, 0.10, 0.15, 0.20, 0.20};
    for (std::int64_t step = 0; step < 5; ++step) {
        EXPECT_DOUBLE_EQ(learning_rate_at(spec, 0.2, step, 10, 100), expected[step]);
    }
}

TEST(Schedule, StepEveryEpochs) {
    const ScheduleSpec spec = {.kind = ScheduleKind::step, .factor = 0.5, .every_epochs = 2};
    const double expected[] = {1, 1, 0.5, 0.5, 0.25};
    for (std::int64_t epoch = 0; epoch < 5; ++epoch) {
        EXPECT_DOUBLE_EQ(learning_rate_at(spec, 1, epoch * 3, 3, 15), expected[epoch]);
        EXPECT_DOUBLE_EQ(learning_rate_at(spec, 1, epoch * 3 + 2, 3, 15), expected[epoch]);
    }
}

TEST(Schedule, StepAtEpochs) {
    const ScheduleSpec spec = {.kind = ScheduleKind::step, .factor = 0.1, .at_epochs = {2, 3}};
    const double expected[] = {1, 1, 0.1, 0.01, 0.01};
    for (std::int64_t epoch = 0; epoch < 5; ++epoch) {
        EXPECT_DOUBLE_EQ(learning_rate_at(spec, 1, epoch * 7, 7, 35), expected[epoch]);
    }
}

TEST(Schedule, Cosine) {
    const ScheduleSpec spec = {.kind = ScheduleKind::cosine, .final_fraction = 0.1};
    EXPECT_DOUBLE_EQ(learning_rate_at(spec, 2, 0, 10, 100), 2);
    EXPECT_DOUBLE_EQ(learning_rate_at(spec, 2, 25, 10, 100), 0.2 + 1.8 * (1 + std::numbers::sqrt2 / 2) / 2);
    EXPECT_DOUBLE_EQ(learning_rate_at(spec, 2, 50, 10, 100), 1.1);
    EXPECT_DOUBLE_EQ(learning_rate_at(spec, 2, 100, 10, 100), 0.2);
    EXPECT_DOUBLE_EQ(learning_rate_at(spec, 2, 1000, 10, 100), 0.2);
}

TEST(Schedule, OneCycleMovesBeta1AsPyTorch) {
    // betas[0] of AdamW under OneCycleLR(total_steps=10).
    const double expected[] = {0.95,
                               0.8999999999999999,
                               0.85,
                               0.854951556604879,
                               0.8688255099070633,
                               0.8888739533021842,
                               0.9111260466978157,
                               0.9311744900929366,
                               0.945048443395121,
                               0.95};
    ScheduleSpec spec = {.kind = ScheduleKind::one_cycle, .min_beta_1 = 0.85, .max_beta_1 = 0.95};
    for (std::int64_t step = 0; step < 10; ++step)
        EXPECT_NEAR(beta_1_at(spec, step, 10).value(), expected[step], 1e-15) << "step " << step;
    spec.min_beta_1.reset();
    EXPECT_FALSE(beta_1_at(spec, 0, 10).has_value());
    EXPECT_FALSE(beta_1_at({}, 0, 10).has_value());
}

TEST(Schedule, OneCycleMatchesPyTorch) {
    const double defaults[] = {0.0003999999999999993,
                               0.0013167184270002508,
                               0.003716718427000252,
                               0.006683281572999748,
                               0.009083281572999747,
                               0.01,
                               0.009874640062350875,
                               0.009504846320134737,
                               0.0089091617757105,
                               0.008117456539497631,
                               0.007169430017913008,
                               0.0061126202193628925,
                               0.00500002,
                               0.003887419780637108,
                               0.0028306099820869924,
                               0.00188258346050237,
                               0.0010908782242895004,
                               0.0004951936798652628,
                               0.00012539993764912555,
                               4e-08};
    const ScheduleSpec spec = {.kind = ScheduleKind::one_cycle};
    for (std::int64_t step = 0; step < 20; ++step) {
        EXPECT_NEAR(learning_rate_at(spec, 0.01, step, 5, 20), defaults[step], 1e-16) << "step " << step;
    }
    // The peak lies between two steps.
    const double between[] = {0.05,
                              0.2503914781149782,
                              0.4946170724500836,
                              0.4422953937035057,
                              0.26552512479025525,
                              0.07913585668678093,
                              0.0005};
    const ScheduleSpec other = {
        .kind = ScheduleKind::one_cycle, .warm_fraction = 0.45, .div_factor = 10, .final_div_factor = 100};
    for (std::int64_t step = 0; step < 7; ++step) {
        EXPECT_NEAR(learning_rate_at(other, 0.5, step, 5, 7), between[step], 1e-15) << "step " << step;
    }
}

TEST(Schedule, OneCycleOfVeryFewStepsStaysFinite) {
    const ScheduleSpec spec = {.kind = ScheduleKind::one_cycle};
    for (std::int64_t total = 1; total < 8; ++total) {
        for (std::int64_t step = 0; step < total + 2; ++step) {
            const double rate = learning_rate_at(spec, 1, step, 1, total);
            EXPECT_TRUE(rate > 0 && rate <= 1) << rate << " at " << step << " of " << total;
        }
    }
}

TEST(Schedule, RejectsImpossibleSteps) {
    EXPECT_THROW(learning_rate_at({}, 1, -1, 10, 100), InvalidArgument);
    EXPECT_THROW(learning_rate_at({}, 1, 0, 0, 100), InvalidArgument);
    EXPECT_THROW(learning_rate_at({}, 1, 0, 10, 0), InvalidArgument);
}

struct Step {
    double value;
    double learning_rate;
    int wait;
    int cooldown_left;
};

void expect_trace(const ReduceOnPlateauSpec& spec, const std::vector<Step>& trace) {
    ReduceOnPlateauState state;
    double rate = 1;
    for (std::size_t epoch = 0; epoch < trace.size(); ++epoch) {
        const Step& expected = trace[epoch];
        rate = reduce_on_plateau(spec, state, expected.value, rate);
        EXPECT_DOUBLE_EQ(rate, expected.learning_rate) << "epoch " << epoch;
        EXPECT_EQ(state.wait, expected.wait) << "epoch " << epoch;
        EXPECT_EQ(state.cooldown_left, expected.cooldown_left) << "epoch " << epoch;
    }
}

TEST(ReduceOnPlateau, ReducesAfterPatienceEpochs) {
    expect_trace({.factor = 0.5, .patience = 2, .min_delta = 0}, {{1.0, 1.0, 0, 0},
                                                                  {1.1, 1.0, 1, 0},
                                                                  {1.1, 0.5, 0, 0},
                                                                  {1.1, 0.5, 1, 0},
                                                                  {1.1, 0.25, 0, 0},
                                                                  {0.5, 0.25, 0, 0},
                                                                  {0.6, 0.25, 1, 0},
                                                                  {0.6, 0.125, 0, 0},
                                                                  {0.6, 0.125, 1, 0},
                                                                  {0.6, 0.0625, 0, 0}});
}

TEST(ReduceOnPlateau, CoolsDownAndKeepsTheMinimum) {
    expect_trace({.factor = 0.5, .patience = 2, .cooldown = 3, .min_learning_rate = 0.2}, {{1, 1.0, 0, 0},
                                                                                           {1, 1.0, 1, 0},
                                                                                           {1, 0.5, 0, 3},
                                                                                           {1, 0.5, 0, 2},
                                                                                           {1, 0.5, 0, 1},
                                                                                           {1, 0.5, 1, 0},
                                                                                           {1, 0.25, 0, 3},
                                                                                           {1, 0.25, 0, 2},
                                                                                           {1, 0.25, 0, 1},
                                                                                           {1, 0.25, 1, 0},
                                                                                           {1, 0.2, 0, 3},
                                                                                           {1, 0.2, 0, 2}});
}

TEST(ReduceOnPlateau, AtTheMinimumItGoesOnWaiting) {
    expect_trace({.factor = 0.5, .patience = 1, .min_learning_rate = 1},
                 {{1, 1, 0, 0}, {1, 1, 1, 0}, {1, 1, 2, 0}, {1, 1, 3, 0}});
}

TEST(ReduceOnPlateau, NanNeverImprovesAndSmallGainsDontCount) {
    expect_trace({.factor = 0.25, .patience = 2}, {{1.0, 1, 0, 0},
                                                   {0.99995, 1, 1, 0},
                                                   {0.9998, 1, 0, 0},
                                                   {kNan, 1, 1, 0},
                                                   {kNan, 0.25, 0, 0},
                                                   {kNan, 0.25, 1, 0},
                                                   {0.5, 0.25, 0, 0}});
}

TEST(ReduceOnPlateau, AFirstNanIsTakenAndNeverBeaten) {
    expect_trace({.factor = 0.5, .patience = 2},
                 {{kNan, 1, 0, 0}, {0.5, 1, 1, 0}, {0.4, 0.5, 0, 0}, {0.3, 0.5, 1, 0}});
}

TEST(ReduceOnPlateau, Maximizes) {
    expect_trace({.maximize = true, .factor = 0.5, .patience = 1, .min_delta = 0.01},
                 {{0.5, 1, 0, 0}, {0.5, 0.5, 0, 0}, {0.6, 0.5, 0, 0}, {0.6, 0.25, 0, 0}, {0.6, 0.125, 0, 0}});
}

}  // namespace
}  // namespace kickdrum
