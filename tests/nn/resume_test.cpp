// SPDX-License-Identifier: MIT
// Training that is stopped anywhere and goes on in another trainer gives the bits of one that wasn't.
#include <gmock/gmock.h>

#include "tests/nn/network.h"
#include "tests/support/device_test.h"

namespace kickdrum {
namespace {

constexpr int kClips = 36;
constexpr int kTrain = 21;  // two batches of eight and a last one of five

TrainingSpec spec_with_everything() {
    TrainingSpec spec{.class_weights = {1.0F, 0.5F, 2.0F},
                      .batch_size = 8,
                      .epochs = 7,
                      .early_stopping = EarlyStoppingSpec{.patience = 3}};
    spec.optimizer.learning_rate = 0.02;
    spec.schedule = {.kind = ScheduleKind::cosine, .warm_up_steps = 4};
    spec.reduce_on_plateau = ReduceOnPlateauSpec{.factor = 0.7, .patience = 1};
    return spec;
}

struct Saved {
    FitState fit;
    TrainerState trainer;
};

struct Trial {
    FitResult result;
    std::vector<EpochResult> epochs;
    std::vector<float> weights;
    std::vector<float> probabilities;
    std::vector<Saved> saved;  // after every epoch, and where it was stopped
};

class ResumeTest : public DeviceTest {
 protected:
    // Trains on, from `start` where there is one, until `steps` steps of this call are done.
    Trial train(const ModelSpec& model, const TrainingSpec& spec, const Saved* start = nullptr,
                int steps = 1'000'000) const {
        const auto context = make_context(2);
        SmallData data(*context, kClips, 16, 3);
        const std::span<const std::int32_t> all = data.indices;
        Trainer trainer(*context, model, data.dataset, spec, 3);
        if (start != nullptr) trainer.load_state(start->trainer);
        Trial trial;
        FitHooks hooks;
        hooks.on_epoch = [&](const EpochResult& epoch) { trial.epochs.push_back(epoch); };
        hooks.go_on = [&](int, double) { return --steps > 0; };
        hooks.on_state = [&](const FitState& state, bool) {
            trial.saved.push_back({.fit = state, .trainer = {}});
            trainer.save_state(trial.saved.back().trainer);
        };
        trial.result = fit(trainer, spec, data.dataset, all.first(kTrain), all.subspan(kTrain), 3, hooks,
                           start == nullptr ? FitState{} : start->fit);
        trial.weights = weights_of(trainer.parameters());
        trial.probabilities = trainer.evaluate(data.indices).probabilities;
        return trial;
    }
};

void expect_same_end(const Trial& whole, const Trial& rest) {
    EXPECT_EQ(rest.weights, whole.weights);
    EXPECT_EQ(rest.probabilities, whole.probabilities);
    EXPECT_EQ(rest.result.best_epoch, whole.result.best_epoch);
    EXPECT_EQ(rest.result.epochs, whole.result.epochs);
    EXPECT_EQ(rest.result.stopped_early, whole.result.stopped_early);
    ASSERT_LE(rest.epochs.size(), whole.epochs.size());
    const std::size_t before = whole.epochs.size() - rest.epochs.size();
    for (std::size_t i = 0; i < rest.epochs.size(); ++i) {
        const EpochResult& expected = whole.epochs[before + i];
        EXPECT_EQ(rest.epochs[i].epoch, expected.epoch);
        EXPECT_EQ(rest.epochs[i].loss, expected.loss);
        EXPECT_EQ(rest.epochs[i].accuracy, expected.accuracy);
        EXPECT_EQ(rest.epochs[i].val_loss, expected.val_loss);
        EXPECT_EQ(rest.epochs[i].val_weighted_f1, expected.val_weighted_f1);
        EXPECT_EQ(rest.epochs[i].learning_rate, expected.learning_rate);
        EXPECT_EQ(rest.epochs[i].improved, expected.improved);
    }
}

TEST_P(ResumeTest, FromTheEndOfAnyEpoch) {
    const TrainingSpec spec = spec_with_everything();
    for (const ModelSpec& model : {small_cnn(), small_resnet()}) {
        const Trial whole = train(model, spec);
        ASSERT_GE(whole.saved.size(), 4U);
        for (const Saved& saved : whole.saved) {
            const Trial rest = train(model, spec, &saved);
            EXPECT_EQ(rest.epochs.size() + static_cast<std::size_t>(saved.fit.next_epoch),
                      whole.epochs.size());
            expect_same_end(whole, rest);
        }
    }
}

TEST_P(ResumeTest, FromTheMiddleOfAnEpochAgainAndAgain) {
    const TrainingSpec spec = spec_with_everything();
    const Trial whole = train(small_cnn(), spec);
    // Two steps at a time, in as many trainers.
    Saved saved;
    for (int part = 0; part < 100; ++part) {
        const Trial some = train(small_cnn(), spec, part == 0 ? nullptr : &saved, 2);
        if (!some.result.interrupted) {
            expect_same_end(whole, some);
            return;
        }
        saved = some.saved.back();
    }
    FAIL() << "it never ended";
}

TEST_P(ResumeTest, TheOptimizersMomentsAreKept) {
    TrainingSpec spec{.batch_size = 8, .epochs = 3};
    spec.optimizer = {.kind = OptimizerKind::sgd, .learning_rate = 0.01, .momentum = 0.9};
    const Trial whole = train(small_cnn(), spec);
    Saved saved = whole.saved.front();
    expect_same_end(whole, train(small_cnn(), spec, &saved));
    // Without them the end would be another: they are what follows the values, of the same size.
    const std::size_t third = saved.trainer.memory.size() / 3;
    std::fill(saved.trainer.memory.begin() + static_cast<std::ptrdiff_t>(third),
              saved.trainer.memory.begin() + static_cast<std::ptrdiff_t>(2 * third), std::byte{0});
    EXPECT_NE(train(small_cnn(), spec, &saved).weights, whole.weights);
}

TEST_P(ResumeTest, TheStateOfAnotherNetworkIsRefused) {
    const Trial other = train(small_resnet(), {.batch_size = 8, .epochs = 1});
    EXPECT_THROW(train(small_cnn(), {.batch_size = 8, .epochs = 1}, &other.saved.front()), InvalidArgument);
}

INSTANTIATE_FOR_DEVICES(ResumeTest);

}  // namespace
}  // namespace kickdrum
