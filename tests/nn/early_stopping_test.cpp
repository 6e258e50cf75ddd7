// SPDX-License-Identifier: MIT
// Traces of Keras 3.15's EarlyStopping (restore_best_weights=True) on the same values.
#include "nn/training/early_stopping.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace kickdrum {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

struct Step {
    double value;
    bool improved;
    bool stop;
    int wait;
    int best_epoch;
};

// Goes on after a stop, as Keras' callback would if it were asked.
void expect_trace(const EarlyStoppingSpec& spec, const std::vector<Step>& trace) {
    EarlyStoppingState state;
    for (std::size_t epoch = 0; epoch < trace.size(); ++epoch) {
        const Step& expected = trace[epoch];
        const auto decision = early_stopping(spec, state, static_cast<int>(epoch), expected.value);
        EXPECT_EQ(decision.improved, expected.improved) << "epoch " << epoch;
        EXPECT_EQ(decision.stop, expected.stop) << "epoch " << epoch;
        EXPECT_EQ(state.wait, expected.wait) << "epoch " << epoch;
        EXPECT_EQ(state.best_epoch, expected.best_epoch) << "epoch " << epoch;
    }
}

TEST(EarlyStopping, StopsAfterPatienceEpochsWithoutImprovement) {
    expect_trace({.patience = 3}, {{1.0, true, false, 0, 0},
                                   {0.90, true, false, 0, 1},
                                   {0.95, false, false, 1, 1},
                                   {0.92, false, false, 2, 1},
                                   {0.91, false, true, 3, 1},
                                   {0.85, true, false, 0, 5},
                                   {0.86, false, false, 1, 5},
                                   {0.87, false, false, 2, 5},
                                   {0.88, false, true, 3, 5},
                                   {0.89, false, true, 4, 5}});
}

TEST(EarlyStopping, AnEqualValueIsNoImprovement) {
    expect_trace({.patience = 1},
                 {{0.5, true, false, 0, 0}, {0.5, false, true, 1, 0}, {0.5, false, true, 2, 0}});
}

TEST(EarlyStopping, ImprovementMustExceedMinDelta) {
    expect_trace({.patience = 2, .min_delta = 0.1}, {{1.00, true, false, 0, 0},
                                                     {0.95, false, false, 1, 0},
                                                     {0.93, false, true, 2, 0},
                                                     {0.85, true, false, 0, 3},
                                                     {0.80, false, false, 1, 3},
                                                     {0.84, false, true, 2, 3}});
}

TEST(EarlyStopping, Maximizes) {
    expect_trace({.maximize = true, .patience = 2, .min_delta = 0.015}, {{0.50, true, false, 0, 0},
                                                                         {0.60, true, false, 0, 1},
                                                                         {0.60, false, false, 1, 1},
                                                                         {0.62, true, false, 0, 3},
                                                                         {0.61, false, false, 1, 3},
                                                                         {0.61, false, true, 2, 3}});
}

TEST(EarlyStopping, PatienceZeroBehavesAsOne) {
    expect_trace({.patience = 0}, {{1.0, true, false, 0, 0},
                                   {2.0, false, true, 1, 0},
                                   {1.5, false, true, 2, 0},
                                   {0.5, true, false, 0, 3}});
}

TEST(EarlyStopping, NanNeverImproves) {
    expect_trace({.patience = 2}, {{0.5, true, false, 0, 0},
                                   {kNan, false, false, 1, 0},
                                   {kNan, false, true, 2, 0},
                                   {0.4, true, false, 0, 3},
                                   {kNan, false, false, 1, 3}});
}

TEST(EarlyStopping, AFirstNanIsTakenAndNeverBeaten) {
    expect_trace({.patience = 2}, {{kNan, true, false, 0, 0},
                                   {0.5, false, false, 1, 0},
                                   {0.4, false, true, 2, 0},
                                   {0.3, false, true, 3, 0}});
}

// Until an epoch counts, there is no best one (Keras' callback would report epoch 0).
TEST(EarlyStopping, IgnoresTheFirstEpochs) {
    expect_trace({.patience = 2, .start_from_epoch = 2}, {{0.10, false, false, 0, -1},
                                                          {0.20, false, false, 0, -1},
                                                          {0.90, true, false, 0, 2},
                                                          {0.95, false, false, 1, 2},
                                                          {0.80, true, false, 0, 4},
                                                          {0.97, false, false, 1, 4}});
}

TEST(EarlyStopping, ACopiedStateGoesOnTheSameWay) {
    const EarlyStoppingSpec spec = {.patience = 2};
    EarlyStoppingState state;
    early_stopping(spec, state, 0, 0.5);
    early_stopping(spec, state, 1, 0.6);
    EarlyStoppingState copy = state;
    EXPECT_TRUE(early_stopping(spec, state, 2, 0.6).stop);
    EXPECT_TRUE(early_stopping(spec, copy, 2, 0.6).stop);
}

TEST(EarlyStopping, KnowsWhichMonitorsRise) {
    EXPECT_FALSE(monitor_is_maximized("val_loss"));
    EXPECT_FALSE(monitor_is_maximized("loss"));
    EXPECT_TRUE(monitor_is_maximized("val_accuracy"));
    EXPECT_TRUE(monitor_is_maximized("accuracy"));
    EXPECT_TRUE(monitor_is_maximized("val_weighted_f1"));
}

}  // namespace
}  // namespace kickdrum
