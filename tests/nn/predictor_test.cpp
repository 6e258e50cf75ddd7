// SPDX-License-Identifier: MIT
#include "nn/inference/predictor.h"

#include <gmock/gmock.h>

#include "tests/nn/network.h"
#include "tests/support/device_test.h"

namespace kickdrum {
namespace {

using testing::ElementsAreArray;
using testing::HasSubstr;

constexpr int kClips = 21;  // of batches of eight: a last one of five
constexpr int kClasses = 3;

Network network_of(const ModelSpec& model, const Shape& input, const ParameterStore& parameters) {
    return {.model = model,
            .input = input,
            .classes = kClasses,
            .weights = read_weights(parameters),
            .optimizer = {}};
}

class PredictorTest : public DeviceTest {};

TEST_P(PredictorTest, GivesTheBitsOfAnEvaluationWithLessMemory) {
    TrainingSpec whole{.batch_size = 8};
    TrainingSpec cut{.batch_size = 8, .input_frames = 10};
    cut.bands = {.mean = std::vector<float>(16, 0.25F), .scale = std::vector<float>(16, 1.5F)};
    TrainingSpec rolled = cut;
    rolled.test_rolls = 3;
    for (const ModelSpec& model : {small_cnn(), small_resnet()}) {
        for (const TrainingSpec& spec : {whole, cut, rolled}) {
            const auto own = make_context(2);
            SmallData data(context(), kClips, 16, kClasses);
            Trainer trainer(context(), model, data.dataset, spec, 5);
            for (int epoch = 0; epoch < 3; ++epoch) trainer.train_epoch(data.indices, std::vector(3, 0.01));
            const Evaluation wanted = trainer.evaluate(data.indices);
            const Shape input = network_inputs(data.inputs.tensor().shape.with_rows(1), spec);
            Predictor predictor(*own, network_of(model, input, trainer.parameters()),
                                {.clip = {1, 16, 16, 1},
                                 .input_frames = spec.input_frames,
                                 .bands = spec.bands,
                                 .test_rolls = spec.test_rolls,
                                 .batch_size = 8});
            EXPECT_EQ(predictor.output(), (Shape{1, kClasses}));
            EXPECT_THAT(predictor.probabilities(data.inputs.values()),
                        ElementsAreArray(wanted.probabilities));
            // No gradients, no moments, no best weights.
            EXPECT_LT(own->bytes_in_use() + 3 * trainer.parameters().trainable_bytes(),
                      context().bytes_in_use());
        }
    }
}

TEST_P(PredictorTest, EndsBehindALayer) {
    SmallData data(context(), kClips, 16, kClasses);
    const ModelSpec model = small_cnn();
    Trainer trainer(context(), model, data.dataset, {.batch_size = 8}, 5);
    const Network network = network_of(model, {1, 16, 16, 1}, trainer.parameters());
    const InferenceSpec spec{.clip = {1, 16, 16, 1}, .bands = {}, .batch_size = 8};
    const auto own = make_context(2);
    Predictor logits(*own, network, spec);
    Predictor hidden(*own, network, spec, "dense_1");
    ASSERT_EQ(hidden.output(), (Shape{1, 12}));
    const std::vector<float> features = hidden.outputs(data.inputs.values());
    const std::vector<float> scores = logits.outputs(data.inputs.values());
    ASSERT_EQ(features.size(), kClips * 12U);
    // The last layer by hand.
    const auto& kernel = network.weights.at(network.weights.size() - 2).values;
    const auto& bias = network.weights.back().values;
    for (std::size_t clip = 0; clip < kClips; ++clip) {
        for (std::size_t k = 0; k < kClasses; ++k) {
            double sum = bias[k];
            for (std::size_t i = 0; i < 12; ++i) {
                EXPECT_GE(features[clip * 12 + i], 0.0F) << "ReLU is part of the layer";
                sum += static_cast<double>(features[clip * 12 + i]) *
                       static_cast<double>(kernel[i * kClasses + k]);
            }
            EXPECT_NEAR(scores[clip * kClasses + k], sum, 1e-5);
        }
    }
    Predictor image(*own, network, spec, "conv2d_2");
    EXPECT_EQ(image.output(), (Shape{1, 6, 6, 16}));
}

TEST_P(PredictorTest, RefusesWhatDoesNotFit) {
    SmallData data(context(), 8, 16, kClasses);
    const Trainer trainer(context(), small_cnn(), data.dataset, {.batch_size = 8}, 5);
    const Network network = network_of(small_cnn(), {1, 16, 16, 1}, trainer.parameters());
    const auto message = [&](const Network& given, const InferenceSpec& spec, std::string_view layer = {}) {
        const auto own = make_context(1);
        try {
            Predictor(*own, given, spec, layer);
        } catch (const InvalidArgument& error) {
            return std::string(error.what());
        }
        return std::string("no error");
    };
    const InferenceSpec spec{.clip = {1, 16, 16, 1}, .bands = {}};
    EXPECT_THAT(message(network, spec, "dense_7"),
                HasSubstr("no layer 'dense_7'; its layers are conv2d_1, max_pool2d_1"));
    EXPECT_THAT(message(network, {.clip = {1, 16, 20, 1}, .bands = {}}),
                HasSubstr("clips of shape (1, 16, 20, 1) were given to a network that takes (1, 16, 16, 1)"));
    Network other = network;
    other.weights.at(0).shape = {3, 3, 8, 1};
    EXPECT_THAT(message(other, spec), HasSubstr("'conv2d_1/kernel' have shape (3, 3, 8, 1), the network "
                                                "needs (3, 3, 1, 8)"));
    other.weights.erase(other.weights.begin());
    EXPECT_THAT(message(other, spec), HasSubstr("no weights 'conv2d_1/kernel'"));
}

INSTANTIATE_FOR_DEVICES(PredictorTest);

// What the description says of the weights is what the layers declare.
TEST(WeightRows, AreTheParametersOfATrainer) {
    for (const ModelSpec& model : {small_cnn(), small_resnet()}) {
        Context context({.threads = 1});
        SmallData data(context, 4, 16, kClasses);
        const Trainer trainer(context, model, data.dataset, {.batch_size = 4}, 1);
        const auto rows = weight_rows(model, {1, 16, 16, 1}, kClasses);
        const auto parameters = trainer.parameters().parameters();
        ASSERT_EQ(rows.size(), parameters.size());
        for (std::size_t i = 0; i < rows.size(); ++i) {
            EXPECT_EQ(rows[i].name, parameters[i].name);
            EXPECT_EQ(rows[i].shape, parameters[i].shape);
            EXPECT_EQ(rows[i].trained, is_trainable(parameters[i].kind));
        }
    }
}

}  // namespace
}  // namespace kickdrum
