// SPDX-License-Identifier: MIT
// Layers that are frozen, thawed and slowed down.
#include <gmock/gmock.h>

#include <map>
#include <string>

#include "tests/nn/network.h"
#include "tests/support/device_test.h"

namespace kickdrum {
namespace {

class FreezingTest : public DeviceTest {};
INSTANTIATE_FOR_DEVICES(FreezingTest);

constexpr int kClips = 21;
constexpr int kClasses = 3;
constexpr double kRate = 0.002;

using Weights = std::map<std::string, std::vector<float>>;

Weights by_name(const ParameterStore& parameters) {
    Weights weights;
    for (const auto& parameter : parameters.parameters())
        weights[parameter.name] = parameters.read(parameter);
    return weights;
}

float largest_change(const Weights& from, const Weights& to, const std::string& layer) {
    float largest = 0;
    for (const auto& [name, values] : from) {
        if (!name.starts_with(layer + "/")) continue;
        for (std::size_t i = 0; i < values.size(); ++i)
            largest = std::max(largest, std::abs(values[i] - to.at(name)[i]));
    }
    return largest;
}

// Normalisation between two convolutions; nothing random.
ModelSpec normalised_network() {
    const auto conv = [](int filters) {
        return LayerSpec{.kind = Conv2dLayerSpec{
                             .filters = filters, .padding = Padding::same, .activation = Activation::tanh}};
    };
    return {conv(5),
            {.kind = BatchNormLayerSpec{.momentum = 0.5}},
            conv(6),
            {.kind = GlobalPool2dLayerSpec{}},
            softmax_layer()};
}

struct Training {
    Training(Context& context, const ModelSpec& model, const TrainingSpec& spec)
        : data(context, kClips, 16, kClasses), trainer(context, model, data.dataset, spec, 4) {}

    void epoch(int number) {
        trainer.begin_epoch(number, 3);
        const std::vector<double> rates(3, kRate);
        loss = trainer.train_epoch(data.indices, rates)->loss_sum / kClips;
    }
    void step() { trainer.train_step(data.indices, kRate); }
    Weights weights() const { return by_name(trainer.parameters()); }

    SmallData data;
    Trainer trainer;
    double loss = 0;
};

TrainingSpec frozen_layers(std::map<std::string, LayerTraining> layers, int batch_size = 8) {
    TrainingSpec spec;
    spec.layers = std::move(layers);
    spec.batch_size = batch_size;
    return spec;
}

TEST_P(FreezingTest, AFrozenLayerKeepsWeightsAndMomentsUntilItsEpoch) {
    Training training(context(), small_resnet(),
                      frozen_layers({{"conv2d_1", {.first_epoch = 1}},
                                     {"batch_norm_1", {.first_epoch = 1}},
                                     {"residual_1", {.first_epoch = 2}},
                                     {"residual_2", {.first_epoch = LayerTraining::kNever}}}));
    const Weights start = training.weights();
    training.epoch(0);
    const Weights first = training.weights();
    for (const char* layer : {"conv2d_1", "batch_norm_1", "residual_1", "residual_2"})
        EXPECT_EQ(largest_change(start, first, layer), 0) << layer;
    EXPECT_GT(largest_change(start, first, "dense_1"), 0);
    training.epoch(1);
    const Weights second = training.weights();
    EXPECT_GT(largest_change(first, second, "conv2d_1"), 0);
    EXPECT_NE(first.at("batch_norm_1/moving_mean"), second.at("batch_norm_1/moving_mean"));
    EXPECT_EQ(largest_change(first, second, "residual_1"), 0);
    training.epoch(2);
    const Weights third = training.weights();
    EXPECT_GT(largest_change(second, third, "residual_1"), 0);
    EXPECT_EQ(largest_change(start, third, "residual_2"), 0);
}

TEST_P(FreezingTest, AThawedLayerCountsAdamsStepsFromThere) {
    TrainingSpec spec = frozen_layers({{"conv2d_1", {.first_epoch = 1}}}, kClips);
    Training late(context(), small_cnn(), spec);
    for (int step = 0; step < 3; ++step) late.step();
    late.trainer.begin_epoch(1, 3);
    const Weights before = late.weights();
    late.step();
    // Adam's first step moves a weight by the rate; its fourth could move it by more.
    EXPECT_NEAR(static_cast<double>(largest_change(before, late.weights(), "conv2d_1")), kRate, 1e-3 * kRate);
}

TEST_P(FreezingTest, ARateOfItsOwnScalesTheStep) {
    for (const OptimizerKind kind : {OptimizerKind::adam, OptimizerKind::sgd}) {
        TrainingSpec usual = frozen_layers({}, kClips);
        usual.optimizer.kind = kind;
        TrainingSpec slowed = usual;
        slowed.layers["conv2d_2"].rate = 0.25;
        Training expected(context(), normalised_network(), usual);
        const Weights start = expected.weights();
        expected.step();
        context().thaw();
        Training actual(context(), normalised_network(), slowed);
        actual.step();
        for (const char* layer : {"conv2d_1", "batch_norm_1", "dense_1"}) {
            EXPECT_EQ(largest_change(expected.weights(), actual.weights(), layer), 0) << layer;
        }
        EXPECT_NEAR(static_cast<double>(largest_change(start, actual.weights(), "conv2d_2")),
                    0.25 * static_cast<double>(largest_change(start, expected.weights(), "conv2d_2")),
                    1e-3 * kRate);
    }
}

TEST_P(FreezingTest, FrozenNormalisationTrainsAsItEvaluates) {
    TrainingSpec spec = frozen_layers({{"batch_norm_1", {.first_epoch = LayerTraining::kNever}}}, kClips);
    spec.optimizer = {.kind = OptimizerKind::sgd};
    Training training(context(), normalised_network(), spec);
    // Moments that aren't those of a batch.
    for (const auto& parameter : training.trainer.parameters().parameters()) {
        const auto count = static_cast<std::size_t>(parameter.shape.count());
        if (parameter.name == "batch_norm_1/moving_variance")
            training.trainer.parameters().write(parameter, std::vector<float>(count, 0.3F));
        if (parameter.name == "batch_norm_1/gamma")
            training.trainer.parameters().write(parameter, std::vector<float>(count, 1.7F));
    }
    const double before = training.trainer.evaluate(training.data.indices).loss;
    const Weights start = training.weights();
    const StepResult step = training.trainer.train_step(training.data.indices, kRate);
    EXPECT_NEAR(step.loss_sum / kClips, before, 1e-5 * before);
    // The step went down the slope: the loss fell by the squared gradient times the rate.
    const Weights end = training.weights();
    double squares = 0;
    for (const auto& [name, values] : start) {
        for (std::size_t i = 0; i < values.size(); ++i)
            squares += std::pow(static_cast<double>(values[i] - end.at(name)[i]), 2);
    }
    const double fall = before - training.trainer.evaluate(training.data.indices).loss;
    EXPECT_NEAR(fall, squares / kRate, 0.05 * squares / kRate);
    // Most of that through the normalisation.
    EXPECT_GT(largest_change(start, end, "conv2d_1"), 0);
}

TEST_P(FreezingTest, WhatIsFrozenHasNoPartInTheNorm) {
    TrainingSpec spec = frozen_layers({{"conv2d_2", {.first_epoch = LayerTraining::kNever}}}, kClips);
    spec.optimizer = {.kind = OptimizerKind::sgd, .learning_rate = 1, .global_clipnorm = 1e-3};
    Training training(context(), normalised_network(), spec);
    const Weights start = training.weights();
    training.step();
    const Weights end = training.weights();
    double squares = 0;
    for (const auto& [name, values] : start) {
        if (name.starts_with("batch_norm_1/moving")) continue;
        for (std::size_t i = 0; i < values.size(); ++i)
            squares += std::pow(static_cast<double>(values[i]) - static_cast<double>(end.at(name)[i]), 2);
    }
    EXPECT_NEAR(std::sqrt(squares), 1e-3 * kRate, 0.03 * 1e-3 * kRate);  // in single precision
}

}  // namespace
}  // namespace kickdrum
