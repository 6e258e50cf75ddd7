// SPDX-License-Identifier: MIT
#include "nn/training/fit.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "tests/nn/network.h"

namespace kickdrum {
namespace {

using testing::ElementsAreArray;

TEST(Shuffled, IsAPermutationThatDependsOnSeedAndEpoch) {
    std::vector<std::int32_t> clips(100);
    std::iota(clips.begin(), clips.end(), 5);
    const auto first = shuffled(clips, 1, 0);
    EXPECT_EQ(first, shuffled(clips, 1, 0));
    EXPECT_NE(first, shuffled(clips, 1, 1));
    EXPECT_NE(first, shuffled(clips, 2, 0));
    auto sorted = first;
    std::sort(sorted.begin(), sorted.end());
    EXPECT_EQ(sorted, clips);
}

TEST(Shuffled, IsUniform) {
    // Where the first of four goes: each place once in four, within five standard deviations.
    const std::vector<std::int32_t> clips{0, 1, 2, 3};
    std::vector<int> places(4);
    constexpr int kEpochs = 4000;
    for (int epoch = 0; epoch < kEpochs; ++epoch) {
        const auto order = shuffled(clips, 9, epoch);
        ++places[static_cast<std::size_t>(std::find(order.begin(), order.end(), 0) - order.begin())];
    }
    for (const int count : places) EXPECT_NEAR(count, kEpochs / 4, 5 * std::sqrt(kEpochs * 0.25 * 0.75));
}

struct Trial {
    FitResult result;
    std::vector<EpochResult> epochs;
    std::vector<float> weights;
    double val_loss = 0;  // of the weights that were left
};

Trial run_fit(const TrainingSpec& spec, const FitHooks& extra = {}) {
    Context context({.threads = 2});
    SmallData data(context, 40, 16, 4);
    const std::span<const std::int32_t> all = data.indices;
    Trainer trainer(context, small_cnn(), data.dataset, spec, 3);
    Trial run;
    FitHooks hooks = extra;
    hooks.on_epoch = [&](const EpochResult& epoch) { run.epochs.push_back(epoch); };
    run.result = fit(trainer, spec, data.dataset, all.first(27), all.subspan(27), 3, hooks);
    run.weights = weights_of(trainer.parameters());
    run.val_loss = trainer.evaluate(all.subspan(27)).loss;
    return run;
}

TEST(Fit, RestoresTheBestEpochsWeights) {
    // A rate so high that the loss soon gets worse.
    const Trial run = run_fit({.optimizer = {.learning_rate = 0.05},
                               .batch_size = 8,
                               .epochs = 30,
                               .early_stopping = EarlyStoppingSpec{.patience = 3}});
    ASSERT_FALSE(run.epochs.empty());
    const auto best = std::min_element(run.epochs.begin(), run.epochs.end(),
                                       [](const auto& a, const auto& b) { return a.val_loss < b.val_loss; });
    EXPECT_EQ(run.result.best_epoch, best->epoch);
    EXPECT_EQ(run.val_loss, best->val_loss);
    if (run.result.stopped_early) {
        EXPECT_EQ(run.result.epochs, best->epoch + 1 + 3);
    }
}

TEST(Fit, RunsAllEpochsWithoutEarlyStopping) {
    const Trial run = run_fit({.batch_size = 8, .epochs = 4});
    EXPECT_EQ(run.result.epochs, 4);
    EXPECT_EQ(run.result.best_epoch, 3);
    EXPECT_FALSE(run.result.stopped_early);
    EXPECT_EQ(run.val_loss, run.epochs.back().val_loss);
}

TEST(Fit, SameSeedSameHistory) {
    const TrainingSpec spec{.batch_size = 8, .epochs = 3};
    const Trial a = run_fit(spec);
    const Trial b = run_fit(spec);
    EXPECT_THAT(a.weights, ElementsAreArray(b.weights));
    for (std::size_t i = 0; i < a.epochs.size(); ++i) {
        EXPECT_EQ(a.epochs[i].loss, b.epochs[i].loss);
        EXPECT_EQ(a.epochs[i].val_loss, b.epochs[i].val_loss);
    }
}

TEST(Fit, StopsWhenAsked) {
    int steps = 0;
    FitHooks hooks;
    hooks.go_on = [&](int, double) {
        return ++steps < 6;
    };  // four steps an epoch: in the middle of the second
    const Trial run = run_fit({.batch_size = 8, .epochs = 10}, hooks);
    EXPECT_TRUE(run.result.interrupted);
    EXPECT_EQ(run.result.epochs, 1);
    EXPECT_EQ(steps, 6);
}

TEST(Fit, ReduceOnPlateauLowersTheRate) {
    TrainingSpec spec{.optimizer = {.learning_rate = 0.01}, .batch_size = 8, .epochs = 6};
    // Nothing counts as an improvement, so the rate falls after every epoch but the first.
    spec.reduce_on_plateau = ReduceOnPlateauSpec{.factor = 0.5, .patience = 1, .min_delta = 1e6};
    const Trial run = run_fit(spec);
    EXPECT_DOUBLE_EQ(run.epochs[0].learning_rate, 0.01);
    EXPECT_DOUBLE_EQ(run.epochs[1].learning_rate, 0.01);
    EXPECT_DOUBLE_EQ(run.epochs[2].learning_rate, 0.005);
    EXPECT_DOUBLE_EQ(run.epochs[3].learning_rate, 0.0025);
}

}  // namespace
}  // namespace kickdrum
