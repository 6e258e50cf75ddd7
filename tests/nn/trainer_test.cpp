// SPDX-License-Identifier: MIT
#include "nn/training/trainer.h"

#include <gmock/gmock.h>

#include "tests/nn/network.h"
#include "tests/support/device_test.h"

namespace kickdrum {
namespace {

class TrainerTest : public DeviceTest {};

struct NamedModel {
    const char* name;
    ModelSpec model;
};

std::vector<NamedModel> models() {
    return {{"cnn", small_cnn()}, {"resnet", small_resnet()}};
}

// The loss as a function of one weight must have the slope that backward computes. Dropout's mask is a
// function of the step, so it's the same on both sides; batch-norm uses the batch's moments.
TEST_P(TrainerTest, GradientsMatchCentralDifferences) {
    for (const auto& [name, model] : models()) {
        SmallData data(context(), 6, 16, 3);
        const TrainingSpec spec{
            .class_weights = {1.0F, 0.5F, 2.0F}, .label_smoothing = 0.1F, .batch_size = 8};
        Trainer trainer(context(), model, data.dataset, spec, 5);
        const auto loss_with = [&](std::size_t index, std::size_t k, float change) {
            const auto own = make_context(2);
            SmallData own_data(*own, 6, 16, 3);
            Trainer other(*own, model, own_data.dataset, spec, 5);
            const Parameter& parameter = other.parameters().parameters()[index];
            std::vector<float> values = other.parameters().read(parameter);
            values[k] += change;
            other.parameters().write(parameter, values);
            return other.train_step(data.indices, 0).loss_sum / static_cast<double>(data.indices.size());
        };
        trainer.train_step(data.indices, 0);
        double largest = 0;
        for (const float value : download_f32(context(), trainer.parameters().gradients())) {
            largest = std::max(largest, std::abs(static_cast<double>(value)));
        }
        ASSERT_GT(largest, 1e-3) << name;
        int checked = 0;
        for (std::size_t index = 0; index < trainer.parameters().parameters().size(); ++index) {
            const Parameter& parameter = trainer.parameters().parameters()[index];
            if (!is_trainable(parameter.kind)) continue;
            const auto gradient = trainer.parameters().read(parameter, trainer.parameters().gradients());
            for (const std::size_t k : {std::size_t{0}, gradient.size() / 2}) {
                constexpr float kChange = 2e-3F;
                const double slope = (loss_with(index, k, kChange) - loss_with(index, k, -kChange)) /
                                     static_cast<double>(2 * kChange);
                // A change may push a value over a kink of ReLU or of max-pooling.
                EXPECT_NEAR(static_cast<double>(gradient[k]), slope, 0.02 * largest)
                    << name << " " << parameter.name << "[" << k << "]";
                ++checked;
            }
        }
        EXPECT_GE(checked, 10);
    }
}

TEST_P(TrainerTest, OverfitsOneBatch) {
    for (const auto& [name, model] : models()) {
        SmallData data(context(), 12, 16, 4);
        Trainer trainer(context(), model, data.dataset, {.batch_size = 12}, 1);
        const double before = trainer.evaluate(data.indices).loss;
        for (int step = 0; step < 150; ++step) trainer.train_step(data.indices, 0.005);
        const Evaluation after = trainer.evaluate(data.indices);
        EXPECT_GT(before, 1.0) << name;
        EXPECT_LT(after.loss, 0.05) << name;
        EXPECT_EQ(after.accuracy, 1.0) << name;
    }
}

TEST_P(TrainerTest, SameSeedSameBitsForAnyThreadCount) {
    for (const auto& [name, model] : models()) {
        std::vector<std::vector<float>> weights;
        for (const int threads : {1, 2, 3, 2}) {
            const auto own = make_context(threads);
            SmallData data(*own, 11, 16, 3);
            const TrainingSpec spec{.optimizer = {.global_clipnorm = 1.0}, .batch_size = 4};
            Trainer trainer(*own, model, data.dataset, spec, 77);
            for (int step = 0; step < 6; ++step) {
                const std::size_t begin = static_cast<std::size_t>(step % 3) * 4;
                trainer.train_step(
                    std::span(data.indices).subspan(begin, std::min<std::size_t>(4, 11 - begin)), 0.01);
            }
            weights.push_back(weights_of(trainer.parameters()));
        }
        EXPECT_EQ(weights[0], weights[1]) << name;
        EXPECT_EQ(weights[0], weights[2]) << name;
        EXPECT_EQ(weights[1], weights[3]) << name;
    }
}

TEST_P(TrainerTest, AnotherSeedGivesOtherWeights) {
    SmallData data(context(), 4, 16, 3);
    const auto initial = [&](std::uint64_t seed) {
        const auto own = make_context(1);
        Trainer trainer(*own, small_cnn(), data.dataset, {.batch_size = 4}, seed);
        return weights_of(trainer.parameters());
    };
    EXPECT_EQ(initial(1), initial(1));
    EXPECT_NE(initial(1), initial(2));
}

// Rows of a batch don't see each other outside of batch-norm in training, so evaluation can't depend on the
// batch.
TEST_P(TrainerTest, EvaluationDoesNotDependOnTheBatchSize) {
    SmallData data(context(), 13, 16, 3);
    std::vector<Evaluation> results;
    for (const int batch : {1, 5, 13}) {
        const auto own = make_context(2);
        Trainer trainer(*own, small_resnet(), data.dataset, {.batch_size = batch}, 3);
        results.push_back(trainer.evaluate(data.indices));
    }
    for (std::size_t i = 0; i < results[0].probabilities.size(); ++i) {
        EXPECT_NEAR(results[0].probabilities[i], results[2].probabilities[i], 1e-6F);
        EXPECT_NEAR(results[1].probabilities[i], results[2].probabilities[i], 1e-6F);
    }
}

TEST_P(TrainerTest, ContextIsFrozenWhileATrainerLives) {
    SmallData data(context(), 4, 16, 3);
    {
        Trainer trainer(context(), small_cnn(), data.dataset, {.batch_size = 4}, 1);
        EXPECT_THROW(Buffer(context(), 64), InvalidArgument);
    }
    EXPECT_NO_THROW(Buffer(context(), 64));
}

TEST_P(TrainerTest, ThreeByThreeReluPoolIsFused) {
    SmallData data(context(), 4, 16, 3);
    Trainer trainer(context(), small_cnn(), data.dataset, {.batch_size = 4}, 1);
    // Two fused blocks and two dense layers choose an implementation; the pooling layers are gone.
    using testing::Pair;
    using testing::StartsWith;
    if (!on_cpu()) {
        EXPECT_THAT(trainer.implementations(),
                    testing::ElementsAre(Pair("conv2d_1", testing::_), Pair("conv2d_2", testing::_),
                                         Pair("dense_1", testing::_), Pair("dense_2", testing::_)));
        return;
    }
    EXPECT_THAT(
        trainer.implementations(),
        testing::ElementsAre(Pair("conv2d_1", StartsWith("direct")), Pair("conv2d_2", StartsWith("winograd")),
                             Pair("dense_1", testing::_), Pair("dense_2", testing::_)));
}

INSTANTIATE_FOR_DEVICES(TrainerTest);

}  // namespace
}  // namespace kickdrum
