// SPDX-License-Identifier: MIT
// The same network, weights, batches and class weights as in Keras must give the same history.
#include <gmock/gmock.h>

#include "tests/nn/network.h"
#include "tests/support/device_test.h"

namespace kickdrum {
namespace {

class KerasParityTest : public DeviceTest {};

ModelSpec parity_model() {
    return {{.kind = Conv2dLayerSpec{.filters = 8, .padding = Padding::same, .activation = Activation::relu}},
            {.kind = Pool2dLayerSpec{}},
            {.kind = Conv2dLayerSpec{.filters = 16, .activation = Activation::relu}},
            {.kind = BatchNormLayerSpec{.momentum = 0.9}},
            {.kind = Pool2dLayerSpec{.size = {1, 2}}},
            {.kind = FlattenLayerSpec{}},
            {.kind = DenseLayerSpec{.units = 10, .activation = Activation::relu}},
            softmax_layer()};
}

// Kernel number k: sin(0.7 i k + k) / sqrt(fan in). Everything else keeps Keras' initial values.
void set_kernels(ParameterStore& parameters) {
    int number = 0;
    for (const auto& parameter : parameters.parameters()) {
        if (parameter.name.find("/kernel") == std::string::npos) continue;
        ++number;
        std::vector<float> kernel(static_cast<std::size_t>(parameter.shape.count()));
        const std::int64_t out = parameter.shape[parameter.shape.rank() - 1];
        const double fan_in = static_cast<double>(parameter.shape.count() / out);
        for (std::size_t i = 0; i < kernel.size(); ++i) {
            kernel[i] = static_cast<float>(std::sin(0.7 * static_cast<double>(i) * number + number) /
                                           std::sqrt(fan_in));
        }
        parameters.write(parameter, kernel);
    }
}

// Reference: Keras 3 on TensorFlow, float32: the model above, Adam(0.01), sparse categorical cross-entropy,
// fit(batch_size=4, shuffle=False, class_weight={0: .8333333, 1: .8333333, 2: 1.6666667}) on ten images
// cos(0.37 i) + 0.05 clip of 13 x 11.
TEST_P(KerasParityTest, HistoryOfEightEpochs) {
    constexpr int kClips = 10;
    const std::vector<double> keras_loss{1.705471,  1.050778,  0.9900798, 0.8569893,
                                         0.7608156, 0.7050683, 0.6342428, 0.5691766};
    const std::vector<double> keras_val_loss{1.102008,  1.101841,  1.098026,  1.052539,
                                             0.9724102, 0.8257313, 0.7094537, 0.6253161};
    const std::vector<double> keras_val_accuracy{0.2, 0.4, 0.4, 0.6, 0.7, 0.7, 0.8, 0.8};

    const std::vector<int> labels{0, 1, 2, 0, 1, 2, 0, 1, 1, 0};
    TestTensor inputs(context(), {kClips, 13, 11, 1});
    std::vector<float> images(static_cast<std::size_t>(inputs.tensor().count()));
    for (std::size_t i = 0; i < images.size(); ++i) {
        images[i] = static_cast<float>(std::cos(0.37 * static_cast<double>(i)) +
                                       0.05 * static_cast<double>(i / std::size_t{13 * 11}));
    }
    inputs.assign(images);
    TrainingSpec spec{.class_weights = {0.8333333F, 0.8333333F, 1.6666667F}, .batch_size = 4};
    Trainer trainer(context(), parity_model(), {.inputs = inputs, .labels = labels, .classes = 3}, spec, 1);
    set_kernels(trainer.parameters());

    std::vector<std::int32_t> all(kClips);
    std::iota(all.begin(), all.end(), 0);
    for (std::size_t epoch = 0; epoch < keras_loss.size(); ++epoch) {
        double loss = 0;
        for (std::size_t begin = 0; begin < all.size(); begin += 4) {
            const std::size_t count = std::min<std::size_t>(4, all.size() - begin);
            loss += trainer.train_step(std::span(all).subspan(begin, count), 0.01).loss_sum;
        }
        const Evaluation evaluation = trainer.evaluate(all);
        EXPECT_NEAR(loss / kClips, keras_loss[epoch], 2e-4 * keras_loss[epoch]) << "epoch " << epoch;
        EXPECT_NEAR(evaluation.loss, keras_val_loss[epoch], 2e-4 * keras_val_loss[epoch])
            << "epoch " << epoch;
        EXPECT_NEAR(evaluation.accuracy, keras_val_accuracy[epoch], 1e-6) << "epoch " << epoch;
    }
}

INSTANTIATE_FOR_DEVICES(KerasParityTest);

}  // namespace
}  // namespace kickdrum
