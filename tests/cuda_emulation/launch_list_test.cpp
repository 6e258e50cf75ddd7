// SPDX-License-Identifier: MIT
// The captured training step of the main network launches what benchmarks/roofline.md says, node for node:
// the model that predicts its time counts what is really there.
#include <gmock/gmock.h>

#include <fstream>

#include "nn/training/trainer.h"
#include "tests/cuda_emulation/emulated.h"
#include "tests/support/test_tensor.h"

namespace kickdrum::emulation {
namespace {

constexpr int kClasses = 5;

// The network of experiments/configs/hard_techno_main.yaml.
ModelSpec main_model() {
    ModelSpec model;
    for (const int filters : {32, 64, 128}) {
        model.push_back(
            {Conv2dLayerSpec{.filters = filters, .padding = Padding::same, .activation = Activation::relu}});
        model.push_back({Pool2dLayerSpec{.strides = {}}});
    }
    model.push_back({FlattenLayerSpec{}});
    model.push_back({DenseLayerSpec{.units = 256, .activation = Activation::relu}});
    model.push_back({DropoutLayerSpec{.rate = 0.5}});
    model.push_back({DenseLayerSpec{.units = DenseLayerSpec::kClasses, .softmax = true}});
    return model;
}

// The second column of the table, without its head and its sum.
std::vector<std::string> predicted_launches() {
    std::ifstream file(KICKDRUM_SOURCE_DIR "/benchmarks/roofline.md");
    std::vector<std::string> launches;
    for (std::string line; std::getline(file, line);) {
        if (!line.starts_with("| ") || line.starts_with("| **") || line.starts_with("| node ")) continue;
        const std::size_t begin = line.find(" | ") + 3;
        launches.push_back(line.substr(begin, line.find(" | ", begin) - begin));
    }
    return launches;
}

// Small pictures: which kernels there are doesn't depend on their size.
std::vector<std::string> captured_launches(Math math) {
    constexpr std::int64_t kClips = 6;
    Context context({.device = Device::cuda, .math = math});
    TestTensor inputs(context, {kClips, 16, 16, 1});
    inputs.randomize("clips");
    const std::vector<int> labels{0, 1, 2, 3, 4, 0};
    Trainer trainer(context, main_model(), {.inputs = inputs, .labels = labels, .classes = kClasses},
                    {.batch_size = 2}, 1);
    const std::vector<std::int32_t> clips{0, 1, 2, 3, 4, 5};
    const std::vector<double> rates(3, 0.001);
    trainer.train_epoch(clips, rates);
    return launched_graph();
}

TEST(LaunchList, OfTheMainNetworkIsWhatTheModelPredicts) {
    restore_device();
    seed(1);
    const std::vector<std::string> predicted = predicted_launches();
    ASSERT_FALSE(predicted.empty());
    EXPECT_LE(predicted.size(), 24U);
    EXPECT_EQ(captured_launches(Math::bf16), predicted);
    EXPECT_EQ(captured_launches(Math::fp32), predicted);
}

}  // namespace
}  // namespace kickdrum::emulation
