// SPDX-License-Identifier: MIT
// Training where a clip may have several classes.
#include <gtest/gtest.h>

#include <cmath>

#include "nn/inference/predictor.h"
#include "nn/metrics/classification.h"
#include "tests/nn/network.h"
#include "tests/support/device_test.h"

namespace kickdrum {
namespace {

// Bands 2k and 2k + 1 of a clip are bright where it has class k; every set of three classes occurs.
struct SetData {
    static constexpr int kClasses = 3;

    SetData(Context& context, int clips, int side)
        : inputs(context, {clips, side, side, 1}), indices(static_cast<std::size_t>(clips)) {
        std::vector<float> values = inputs.randomize("set data", 0.3F).values();
        for (int clip = 0; clip < clips; ++clip) {
            labels.push_back(clip * 5 % 8);
            for (int c = 0; c < kClasses; ++c) {
                if ((labels.back() >> c & 1) == 0) continue;
                for (int i = 2 * c * side; i < (2 * c + 2) * side; ++i)
                    values[static_cast<std::size_t>(clip * side * side + i)] += 1;
            }
        }
        inputs.assign(values);
        std::iota(indices.begin(), indices.end(), 0);
        for (int set = 0; set < 8; ++set) {
            for (int c = 0; c < kClasses; ++c) sets.push_back(static_cast<std::uint8_t>(set >> c & 1));
        }
        dataset = {.inputs = inputs, .labels = labels, .classes = kClasses, .label_sets = sets};
    }

    TestTensor inputs;
    std::vector<std::int32_t> indices;
    std::vector<int> labels;
    std::vector<std::uint8_t> sets;
    Dataset dataset;
};

ModelSpec network() {
    ModelSpec model = small_cnn();
    std::get<DenseLayerSpec>(model.back().kind).sets = true;
    return model;
}

class SetTraining : public DeviceTest {};
INSTANTIATE_FOR_DEVICES(SetTraining);

TEST_P(SetTraining, Learns) {
    const int epochs = on_cpu() ? 100 : 3;  // an emulated GPU is slow
    SetData data(context(), 32, 12);
    TrainingSpec spec;
    spec.batch_size = 8;
    spec.class_weights = {1, 1, 2, 1, 2, 1};
    Trainer trainer(context(), network(), data.dataset, spec, 3);
    const double before = trainer.evaluate(data.indices).loss;
    const std::vector<double> rates(4, 0.005);
    for (int epoch = 0; epoch < epochs; ++epoch) trainer.train_epoch(shuffled(data.indices, 3, epoch), rates);
    const Evaluation evaluation = trainer.evaluate(data.indices);
    EXPECT_LT(evaluation.loss, on_cpu() ? 0.1 : before);
    if (on_cpu()) {
        EXPECT_GT(evaluation.accuracy, 0.9);
    }
}

// Loss, sets and accuracy of an evaluation follow from its probabilities, by the formulas; with weights and
// rolls they are the same sums.
TEST_P(SetTraining, EvaluationsAddUp) {
    for (const int rolls : {1, 3}) {
        SetData data(context(), 11, 12);
        TrainingSpec spec;
        spec.batch_size = 4;
        spec.class_weights = {3, 1, 1, 1, 2, 1};
        spec.test_rolls = rolls;
        Trainer trainer(context(), network(), data.dataset, spec, 3);
        const Evaluation evaluation = trainer.evaluate(data.indices);
        double loss = 0;
        std::vector<std::uint8_t> labels;
        for (std::size_t clip = 0; clip < 11; ++clip) {
            const auto set = data.dataset.set_of(clip);
            labels.insert(labels.end(), set.begin(), set.end());
        }
        for (std::size_t i = 0; i < labels.size(); ++i) {
            const auto p = static_cast<double>(evaluation.probabilities[i]);
            loss -= std::log(labels[i] != 0 ? p : 1 - p) / SetData::kClasses;
            EXPECT_EQ(evaluation.predicted_sets[i], p >= 0.5 ? 1 : 0);
        }
        EXPECT_NEAR(evaluation.loss, loss / 11, 1e-6);
        EXPECT_DOUBLE_EQ(evaluation.accuracy,
                         classify_sets(labels, evaluation.predicted_sets, SetData::kClasses).accuracy);
    }
}

TEST_P(SetTraining, APredictorSaysTheSame) {
    SetData data(context(), 11, 12);
    TrainingSpec spec;
    spec.batch_size = 8;
    Trainer trainer(context(), network(), data.dataset, spec, 3);
    const Evaluation evaluation = trainer.evaluate(data.indices);
    const auto own = make_context(2);
    Predictor predictor(*own,
                        {.model = network(),
                         .input = {1, 12, 12, 1},
                         .classes = SetData::kClasses,
                         .weights = read_weights(trainer.parameters()),
                         .optimizer = {}},
                        {.clip = {1, 12, 12, 1}, .bands = {}, .batch_size = 8});
    const std::vector<float> said = predictor.probabilities(data.inputs.values());
    ASSERT_EQ(said.size(), evaluation.probabilities.size());
    for (std::size_t i = 0; i < said.size(); ++i) EXPECT_NEAR(said[i], evaluation.probabilities[i], 1e-7F);
}

TEST_P(SetTraining, WeightsAreChecked) {
    SetData data(context(), 8, 12);
    TrainingSpec spec;
    spec.batch_size = 4;
    spec.class_weights = {1, 1, 1};
    EXPECT_THROW(Trainer(context(), network(), data.dataset, spec, 3), InvalidArgument);
}

}  // namespace
}  // namespace kickdrum
