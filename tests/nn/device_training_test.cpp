// SPDX-License-Identifier: MIT
// Whole epochs on each device: against the CPU's plain C++, captured steps against ordinary ones, and two
// trainers side by side.
#include <gmock/gmock.h>

#include "nn/formats/safetensors.h"
#include "tests/nn/network.h"
#include "tests/support/device_test.h"

namespace kickdrum {
namespace {

class DeviceTrainingTest : public DeviceTest {};

constexpr int kClips = 21;  // two batches of eight and a last one of five
constexpr int kClasses = 3;

ModelSpec block_network() {
    const auto conv = [](int filters) {
        return LayerSpec{.kind = Conv2dLayerSpec{
                             .filters = filters, .padding = Padding::same, .activation = Activation::relu}};
    };
    return {conv(6),
            {.kind = Pool2dLayerSpec{}},
            {.kind = BatchNormLayerSpec{.momentum = 0.8}},
            conv(8),
            {.kind = Pool2dLayerSpec{}},
            {.kind = FlattenLayerSpec{}},
            {.kind = DenseLayerSpec{.units = 10, .activation = Activation::relu}},
            {.kind = DropoutLayerSpec{.rate = 0.25}},
            softmax_layer()};
}

std::vector<ModelSpec> models() {
    return {block_network(), small_resnet()};
}

TrainingSpec training() {
    TrainingSpec spec{.class_weights = {1.0F, 0.5F, 2.0F}, .label_smoothing = 0.05F, .batch_size = 8};
    spec.optimizer.global_clipnorm = 5.0;
    return spec;
}

// A trainer with its data, which trains epoch after epoch.
struct Training {
    Training(Context& context, const ModelSpec& model, std::uint64_t seed)
        : data(context, kClips, 16, kClasses), trainer(context, model, data.dataset, training(), seed) {}

    void epoch() {
        const std::vector<double> rates{0.004, 0.003, 0.002};
        const auto order = shuffled(data.indices, 9, static_cast<int>(sums.size()));
        sums.push_back(*trainer.train_epoch(order, rates));
    }
    // Everything that training gave, as bits.
    std::vector<float> results() {
        std::vector<float> all = weights_of(trainer.parameters());
        for (const auto& epoch : sums) all.push_back(static_cast<float>(epoch.loss_sum));
        const Evaluation evaluation = trainer.evaluate(data.indices);
        all.insert(all.end(), evaluation.probabilities.begin(), evaluation.probabilities.end());
        return all;
    }

    SmallData data;
    Trainer trainer;
    std::vector<StepResult> sums;
};

TEST_P(DeviceTrainingTest, MatchesThePlainCpu) {
    for (const ModelSpec& model : models()) {
        Context plain({.threads = 1, .simd = SimdLevel::portable});
        Training expected(plain, model, 4);
        Training actual(context(), model, 4);
        for (int epoch = 0; epoch < 4; ++epoch) {
            expected.epoch();
            actual.epoch();
            EXPECT_NEAR(actual.sums.back().loss_sum, expected.sums.back().loss_sum,
                        1e-4 * expected.sums.back().loss_sum)
                << "epoch " << epoch;
            EXPECT_EQ(actual.sums.back().clips, kClips);
        }
        EXPECT_LT(expected.sums.back().loss_sum, expected.sums.front().loss_sum) << "nothing was learnt";
        const Evaluation wanted = expected.trainer.evaluate(expected.data.indices);
        const Evaluation given = actual.trainer.evaluate(actual.data.indices);
        EXPECT_EQ(given.predicted, wanted.predicted);
        EXPECT_NEAR(given.loss, wanted.loss, 1e-4 * wanted.loss);
        for (std::size_t i = 0; i < wanted.probabilities.size(); ++i) {
            EXPECT_NEAR(given.probabilities[i], wanted.probabilities[i], 2e-4F);
        }
    }
}

TEST_P(DeviceTrainingTest, CapturedStepsGiveTheBitsOfOrdinaryOnes) {
    for (const ModelSpec& model : models()) {
        std::vector<std::vector<float>> results;
        for (const bool capture : {false, true}) {
            const auto own = make_context(2);
            Training run(*own, model, 11);
            run.trainer.capture_steps(capture);
            std::vector<float> all;
            for (int epoch = 0; epoch < 3; ++epoch) {
                run.epoch();
                const std::vector<float> given = run.results();  // of an evaluation each time
                all.insert(all.end(), given.begin(), given.end());
            }
            // Another order, and fewer clips than batches were captured for.
            const std::vector<std::int32_t> few(run.data.indices.rbegin(), run.data.indices.rbegin() + 11);
            const Evaluation evaluation = run.trainer.evaluate(few);
            all.insert(all.end(), evaluation.probabilities.begin(), evaluation.probabilities.end());
            results.push_back(all);
        }
        EXPECT_EQ(results[0], results[1]);
    }
}

TEST_P(DeviceTrainingTest, AnEpochIsItsSteps) {
    const auto own = make_context(2);
    Training whole(context(), block_network(), 2);
    Training steps(*own, block_network(), 2);
    const std::vector<double> rates{0.01, 0.001, 0.02};
    const StepResult sums = *whole.trainer.train_epoch(whole.data.indices, rates);
    StepResult added;
    for (std::size_t batch = 0; batch < rates.size(); ++batch) {
        const std::span<const std::int32_t> all = steps.data.indices;
        const auto clips = all.subspan(batch * 8, std::min<std::size_t>(8, all.size() - batch * 8));
        const StepResult step = steps.trainer.train_step(clips, rates[batch]);
        added.loss_sum += step.loss_sum;
        added.correct += step.correct;
        added.clips += step.clips;
    }
    EXPECT_EQ(sums.loss_sum, added.loss_sum);
    EXPECT_EQ(sums.correct, added.correct);
    EXPECT_EQ(sums.clips, added.clips);
    EXPECT_EQ(whole.trainer.step(), 3U);
    EXPECT_EQ(whole.results(), steps.results());
}

// Nothing is shared between contexts: taking turns changes no bit of either.
TEST_P(DeviceTrainingTest, TwoTrainersTakeTurns) {
    const auto alone = [&](const ModelSpec& model, std::uint64_t seed) {
        const auto own = make_context(1);
        Training run(*own, model, seed);
        for (int epoch = 0; epoch < 3; ++epoch) run.epoch();
        return run.results();
    };
    const auto first_context = make_context(1);
    const auto second_context = make_context(1);
    Training first(*first_context, block_network(), 21);
    Training second(*second_context, small_resnet(), 22);
    for (int epoch = 0; epoch < 3; ++epoch) {
        first.epoch();
        second.epoch();
    }
    EXPECT_EQ(first.results(), alone(block_network(), 21));
    EXPECT_EQ(second.results(), alone(small_resnet(), 22));
}

TEST_P(DeviceTrainingTest, TakesNoMemoryOfTheDeviceAfterConstruction) {
    Training run(context(), block_network(), 1);
    const std::size_t before = context().bytes_in_use();
    run.epoch();
    run.trainer.save_weights();
    run.trainer.restore_weights();
    run.trainer.evaluate(run.data.indices);
    EXPECT_EQ(context().bytes_in_use(), before);
    EXPECT_EQ(context().peak_bytes(), before);
}

TEST_P(DeviceTrainingTest, IsAskedWhetherToGoOn) {
    Training run(context(), block_network(), 1);
    const std::vector<double> rates(3, 0.01);
    std::vector<double> done;
    const auto go_on = [&](double share) {
        done.push_back(share);
        return share < 0.5;
    };
    EXPECT_FALSE(run.trainer.train_epoch(run.data.indices, rates, go_on).has_value());
    using testing::DoubleEq;
    using testing::ElementsAre;
    EXPECT_THAT(done, ElementsAre(DoubleEq(8.0 / kClips), DoubleEq(16.0 / kClips)));
    EXPECT_EQ(run.trainer.step(), 2U);
    done.clear();
    EXPECT_TRUE(run.trainer.train_epoch(run.data.indices, rates, [&](double share) {
        done.push_back(share);
        return true;
    }));
    EXPECT_THAT(done, ElementsAre(DoubleEq(8.0 / kClips), DoubleEq(16.0 / kClips), 1.0));
    EXPECT_EQ(run.trainer.step(), 5U);
}

// The weights that products see are the rounded ones, whoever wrote the weights last.
void expect_true_shadow(Context& context, const ParameterStore& parameters, const char* when) {
    std::vector<float> rounded = download_f32(context, parameters.values());
    for (float& value : rounded) value = round_to_bf16(value);
    EXPECT_EQ(download_f32(context, parameters.shadow()), rounded) << when;
}

TEST_P(DeviceTrainingTest, Bf16LearnsWithRoundedWeights) {
    if (on_cpu()) GTEST_SKIP() << "the CPU computes in fp32 only";
    for (const ModelSpec& model : models()) {
        const auto rounding = make_context(2, Math::bf16);
        Training run(*rounding, model, 4);
        Training exact(context(), model, 4);
        const ParameterStore& parameters = run.trainer.parameters();
        expect_true_shadow(*rounding, parameters, "initial values");
        EXPECT_FALSE(exact.trainer.parameters().shadow());
        for (int epoch = 0; epoch < 4; ++epoch) {
            run.epoch();
            exact.epoch();
            EXPECT_NEAR(run.sums.back().loss_sum, exact.sums.back().loss_sum,
                        0.05 * exact.sums.back().loss_sum)
                << "epoch " << epoch;
            if (epoch == 1) run.trainer.save_weights();
        }
        expect_true_shadow(*rounding, parameters, "trained");
        run.trainer.restore_weights();
        expect_true_shadow(*rounding, parameters, "restored");
        from_safetensors(to_safetensors(exact.trainer.parameters(), {}), run.trainer.parameters());
        expect_true_shadow(*rounding, parameters, "read");
        EXPECT_EQ(weights_of(parameters), weights_of(exact.trainer.parameters()));
    }
}

TEST_P(DeviceTrainingTest, WrongNumbersThrow) {
    Training run(context(), block_network(), 1);
    const std::vector<double> two(2, 0.01);
    EXPECT_THROW(run.trainer.train_epoch(run.data.indices, two), InvalidArgument);
    EXPECT_THROW(run.trainer.train_epoch({}, two), InvalidArgument);
    EXPECT_THROW(run.trainer.train_step(run.data.indices, 0.01), InvalidArgument);
    const std::vector<std::int32_t> too_many(100);
    EXPECT_THROW(run.trainer.evaluate(too_many), InvalidArgument);
}

INSTANTIATE_FOR_DEVICES(DeviceTrainingTest);

}  // namespace
}  // namespace kickdrum
