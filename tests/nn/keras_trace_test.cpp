// SPDX-License-Identifier: MIT
// From the weights of a file of Keras, in the order of batches that Keras was given, training goes as in Keras.
// The traces were written by Keras 3 with tests/peers/keras_models.py.
#include <gmock/gmock.h>

#include <fstream>
#include <iterator>

#include "nn/formats/keras_file.h"
#include "nn/formats/safetensors.h"
#include "tests/nn/network.h"
#include "tests/support/device_test.h"

namespace kickdrum {
namespace {

constexpr int kClips = 10;
constexpr int kTraining = 7;  // the others are the validation part

std::string file(const std::string& name) {
    std::ifstream stream(std::string(KICKDRUM_SOURCE_DIR) + "/tests/nn/keras_files/" + name,
                         std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

class KerasTrace : public DeviceTest {
 protected:
    void SetUp() override {
        DeviceTest::SetUp();
        if (IsSkipped()) return;
        facts_ = read_safetensors(file("parity.safetensors"));
        network_ = read_keras_h5(file("parity.h5")).network;
        inputs_ = std::make_unique<TestTensor>(context(), network_.input.with_rows(kClips));
        inputs_->assign(tensor("inputs"));
        for (const float label : tensor("labels")) labels_.push_back(static_cast<int>(label));
        trainer_ = std::make_unique<Trainer>(
            context(), network_.model, Dataset{.inputs = *inputs_, .labels = labels_, .classes = 3},
            TrainingSpec{.class_weights = {0.5F, 1.25F, 2.0F}, .batch_size = 4}, 1);
        write_weights(network_.weights, trainer_->parameters());
    }

    std::vector<float> tensor(std::string_view name) const {
        for (const auto& one : facts_.tensors) {
            if (one.name == name) return one.values;
        }
        return {};
    }

    Safetensors facts_;
    Network network_;
    std::unique_ptr<TestTensor> inputs_;
    std::vector<int> labels_;
    std::unique_ptr<Trainer> trainer_;
};

TEST_P(KerasTrace, LossOfFiftySteps) {
    const std::vector<float> wanted = tensor("losses");
    ASSERT_EQ(wanted.size(), 50U);
    for (std::size_t step = 0; step < wanted.size(); ++step) {
        std::vector<std::int32_t> batch;
        for (std::size_t i = 0; i < 4; ++i)
            batch.push_back(static_cast<std::int32_t>((i + 3 * step) % kClips));
        const StepResult result = trainer_->train_step(batch, 0.005);
        EXPECT_NEAR(result.loss_sum / 4, wanted[step], 1e-4 * static_cast<double>(wanted[step]))
            << "step " << step;
    }
}

TEST_P(KerasTrace, EarlyStopping) {
    const std::vector<float> wanted = tensor("val_losses");
    const std::vector<float> epochs = tensor("best_and_last_epoch");
    ASSERT_EQ(epochs.size(), 2U);
    const EarlyStoppingSpec spec{.patience = 3};
    EarlyStoppingState state;
    std::vector<std::int32_t> all(kClips);
    std::iota(all.begin(), all.end(), 0);
    const std::span<const std::int32_t> clips = all;
    int epoch = 0;
    for (bool stop = false; !stop; ++epoch) {
        ASSERT_LT(static_cast<std::size_t>(epoch), wanted.size()) << "Keras had stopped";
        trainer_->train_epoch(clips.first(kTraining), std::vector(2, 0.02));
        const double loss = trainer_->evaluate(clips.subspan(kTraining)).loss;
        const auto keras = static_cast<double>(wanted[static_cast<std::size_t>(epoch)]);
        EXPECT_NEAR(loss, keras, 1e-4 * keras) << "epoch " << epoch;
        stop = early_stopping(spec, state, epoch, loss).stop;
    }
    EXPECT_EQ(epoch - 1, static_cast<int>(epochs[1]));
    EXPECT_EQ(state.best_epoch, static_cast<int>(epochs[0]));
}

INSTANTIATE_FOR_DEVICES(KerasTrace);

}  // namespace
}  // namespace kickdrum
