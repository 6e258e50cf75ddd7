// SPDX-License-Identifier: MIT
// What the steps of a recipe do beside plain training: a moving average of the weights, a beta_1 that changes,
// evaluations of whole clips by a network that trains on pieces of them.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/nn/network.h"
#include "tests/support/device_test.h"

namespace kickdrum {
namespace {

class AveragedTraining : public DeviceTest {};
INSTANTIATE_FOR_DEVICES(AveragedTraining);

const std::vector<double> kRates(2, 0.01);

// The trainer's weights against an average in double precision over those that a trainer without one has after
// each of the steps.
TEST_P(AveragedTraining, TheModelIsTheAverageOfTheSteps) {
    constexpr double kDecay = 0.25;
    SmallData data(context(), 16, 16, 3);
    std::vector<double> expected;
    std::vector<float> last;
    {
        Trainer plain(context(), small_resnet(), data.dataset, {.batch_size = 8}, 3);
        for (int t = 0; t < 6; ++t) {
            const auto order = shuffled(data.indices, 3, t / 2);
            plain.train_step(std::span(order).subspan(t % 2 * 8, 8), kRates[0]);
            const double kept = t == 0 ? 0 : std::min(kDecay, (1.0 + t) / (10.0 + t));
            last = weights_of(plain.parameters());
            expected.resize(last.size());
            for (std::size_t i = 0; i < last.size(); ++i)
                expected[i] = kept * expected[i] + (1 - kept) * static_cast<double>(last[i]);
        }
    }
    Trainer trainer(context(), small_resnet(), data.dataset, {.batch_size = 8, .average_decay = kDecay}, 3);
    Evaluation seen;
    for (int epoch = 0; epoch < 3; ++epoch) {
        trainer.train_epoch(shuffled(data.indices, 3, epoch), kRates);
        seen = trainer.evaluate(data.indices);
    }
    EXPECT_EQ(weights_of(trainer.parameters()), last) << "evaluations left the weights alone";
    trainer.save_weights();
    trainer.take_average();
    EXPECT_LT(relative_error(weights_of(trainer.parameters()), expected), 1e-6);
    const auto model = weights_of(trainer.parameters());
    EXPECT_EQ(trainer.evaluate(data.indices).probabilities, seen.probabilities);
    trainer.restore_weights();
    EXPECT_EQ(weights_of(trainer.parameters()), model) << "the snapshot is of the average";
}

TEST_P(AveragedTraining, GoesOnFromASavedState) {
    SmallData data(context(), 16, 16, 3);
    const TrainingSpec spec{.batch_size = 8, .average_decay = 0.9};
    const auto order = shuffled(data.indices, 3, 0);
    TrainerState saved;
    std::vector<float> expected;
    {
        Trainer trainer(context(), small_resnet(), data.dataset, spec, 3);
        trainer.train_epoch(order, kRates);
        trainer.save_state(saved);
        trainer.train_epoch(order, kRates);
        trainer.take_average();
        expected = weights_of(trainer.parameters());
    }
    Trainer trainer(context(), small_resnet(), data.dataset, spec, 3);
    trainer.load_state(saved);
    trainer.train_epoch(order, kRates);
    trainer.take_average();
    EXPECT_EQ(weights_of(trainer.parameters()), expected);
}

// A beta_1 that never changes gives the bits of one that stands in the specification (0.5 has no rounding).
TEST_P(AveragedTraining, TakesBeta1ByTheStep) {
    SmallData data(context(), 16, 16, 3);
    TrainingSpec spec{.batch_size = 8};
    spec.optimizer.beta_1 = 0.5;
    std::vector<float> expected;
    {
        Trainer trainer(context(), small_cnn(), data.dataset, spec, 3);
        trainer.train_epoch(data.indices, kRates);
        expected = weights_of(trainer.parameters());
    }
    spec.optimizer.beta_1 = 0.9;
    spec.schedule = {.kind = ScheduleKind::one_cycle, .min_beta_1 = 0.5, .max_beta_1 = 0.5};
    Trainer trainer(context(), small_cnn(), data.dataset, spec, 3);
    trainer.train_epoch(data.indices, kRates, {}, nullptr, std::vector<double>(2, 0.5));
    EXPECT_EQ(weights_of(trainer.parameters()), expected);
    EXPECT_THROW(trainer.train_epoch(data.indices, kRates), InvalidArgument);
}

// Trained on 12 of 16 frames, tested on all of them: as a network of the same weights that is planned for 16.
TEST_P(AveragedTraining, EvaluatesWholeClips) {
    SmallData data(context(), 16, 16, 3);
    TrainingSpec spec{.batch_size = 8};
    spec.input_frames = 12;
    spec.test_frames = 16;
    spec.test_rolls = 4;
    std::vector<std::vector<float>> weights;
    Evaluation once;
    {
        Trainer trainer(context(), small_resnet(), data.dataset, spec, 3);
        trainer.train_epoch(data.indices, kRates);
        once = trainer.evaluate(std::span(data.indices).first(11), 1);
        for (const auto& parameter : trainer.parameters().parameters())
            weights.push_back(trainer.parameters().read(parameter));
        const Evaluation rolled = trainer.evaluate(std::span(data.indices).first(11));
        EXPECT_NE(rolled.probabilities, once.probabilities);
    }
    Trainer whole(context(), small_resnet(), data.dataset, {.batch_size = 8}, 4);
    for (std::size_t i = 0; i < weights.size(); ++i)
        whole.parameters().write(whole.parameters().parameters()[i], weights[i]);
    const Evaluation expected = whole.evaluate(std::span(data.indices).first(11));
    EXPECT_EQ(once.probabilities, expected.probabilities);
    EXPECT_EQ(once.predicted, expected.predicted);
}

TEST_P(AveragedTraining, RejectsWhatDoesNotFit) {
    SmallData data(context(), 8, 16, 3);
    TrainingSpec pieces{.batch_size = 8};
    pieces.input_frames = 12;
    pieces.test_frames = 16;
    EXPECT_THROW(Trainer(context(), small_cnn(), data.dataset, pieces, 3), InvalidArgument)
        << "flattened, other frames are other weights";
    EXPECT_THROW(Trainer(context(), small_cnn(), data.dataset, {.batch_size = 8, .average_decay = 1}, 3),
                 InvalidArgument);
}

// 27 clips in batches of 8: three steps an epoch, or four.
TEST(FitBatches, TheLastBatchIsDroppedOnRequest) {
    Context context({.threads = 2});
    SmallData data(context, 30, 16, 3);
    const std::span<const std::int32_t> all = data.indices;
    for (const bool keeps : {true, false}) {
        TrainingSpec spec{.batch_size = 8, .keeps_last_batch = keeps, .epochs = 2};
        Trainer trainer(context, small_cnn(), data.dataset, spec, 3);
        fit(trainer, spec, data.dataset, all.first(27), all.subspan(27), 3, {});
        EXPECT_EQ(trainer.step(), keeps ? 8U : 6U);
        // Fewer clips than a batch has are a step nevertheless.
        fit(trainer, spec, data.dataset, all.first(5), all.subspan(27), 3, {});
        EXPECT_EQ(trainer.step(), keeps ? 10U : 8U);
    }
}

}  // namespace
}  // namespace kickdrum
