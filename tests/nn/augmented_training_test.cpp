// SPDX-License-Identifier: MIT
// Training on augmented batches: learns, gives equal bits, and evaluations average over rolls.
#include <gtest/gtest.h>

#include "tests/nn/network.h"
#include "tests/support/device_test.h"

namespace kickdrum {
namespace {

class AugmentedTraining : public DeviceTest {
 protected:
    static TrainingSpec spec() {
        TrainingSpec spec;
        spec.batch_size = 8;
        spec.augment = {.roll = true,
                        .gain = 0.05F,
                        .noise = 0.05F,
                        .time_masks = 1,
                        .time_mask = 2,
                        .mixup_alpha = 0.3F,
                        .mixup_share = 0.5F};
        spec.input_frames = 12;
        return spec;
    }
    Evaluation train(Context& context, const TrainingSpec& spec, int epochs) {
        SmallData data(context, 24, 16, 3);
        Trainer trainer(context, small_cnn(), data.dataset, spec, 3);
        const std::vector<double> rates(3, 0.01);
        for (int epoch = 0; epoch < epochs; ++epoch)
            trainer.train_epoch(shuffled(data.indices, 3, epoch), rates);
        return trainer.evaluate(data.indices);
    }
};
INSTANTIATE_FOR_DEVICES(AugmentedTraining);

TEST_P(AugmentedTraining, LearnsAndHasTheSameBits) {
    const int epochs = on_cpu() ? 25 : 2;  // an emulated GPU is slow
    const auto first = make_context(1);
    const auto second = make_context(3);
    const Evaluation one = train(*first, spec(), epochs);
    EXPECT_EQ(train(*second, spec(), epochs).probabilities, one.probabilities);
    if (on_cpu()) {
        EXPECT_GT(one.accuracy, 0.8);
    }
}

TEST_P(AugmentedTraining, RollsAreAveraged) {
    SmallData data(context(), 8, 16, 3);
    TrainingSpec rolled = spec();
    rolled.test_rolls = 4;
    std::vector<double> mean;
    double loss = 0;
    {
        Trainer trainer(context(), small_cnn(), data.dataset, rolled, 3);
        const Evaluation evaluation = trainer.evaluate(data.indices);
        for (const float p : evaluation.probabilities) mean.push_back(static_cast<double>(p));
        loss = evaluation.loss;
    }
    // The same by hand: the data rolled, and its first frames taken.
    std::vector<double> expected(mean.size());
    const std::vector<float> stored = data.inputs.values();
    for (int roll = 0; roll < 4; ++roll) {
        TestTensor cut(context(), {8, 16, 12, 1});
        std::vector<float> values;
        for (std::size_t row = 0; row < 8U * 16U; ++row) {
            for (std::size_t w = 0; w < 12; ++w)
                values.push_back(stored[row * 16 + (w + static_cast<std::size_t>(roll) * 4) % 16]);
        }
        cut.assign(values);
        TrainingSpec plain;
        plain.batch_size = 8;
        Trainer trainer(context(), small_cnn(),
                        {.inputs = cut, .labels = data.labels, .classes = data.dataset.classes}, plain, 3);
        const Evaluation evaluation = trainer.evaluate(data.indices);
        for (std::size_t i = 0; i < expected.size(); ++i)
            expected[i] += static_cast<double>(evaluation.probabilities[i]) / 4;
    }
    double expected_loss = 0;
    for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(mean[i], expected[i], 1e-6);
    for (std::size_t i = 0; i < 8; ++i)
        expected_loss -= std::log(expected[i * 3 + static_cast<std::size_t>(data.labels[i])]) / 8;
    EXPECT_NEAR(loss, expected_loss, 1e-5);
}

}  // namespace
}  // namespace kickdrum
