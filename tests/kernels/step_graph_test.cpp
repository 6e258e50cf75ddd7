// SPDX-License-Identifier: MIT
#include "kernels/device/step_graph.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "kernels/ops/batch_step.h"
#include "kernels/ops/dropout.h"
#include "tests/support/device_test.h"
#include "tests/support/test_tensor.h"

namespace kickdrum {
namespace {

class StepGraphTest : public DeviceTest {};

// What a step begins with: tables of ten batches of one clip, and the state that counts them.
struct Steps {
    explicit Steps(Context& context)
        : clips(context, {10, 1}, DType::i32),
          rows(context, {10}, DType::i32),
          rates(context, {10}),
          beta_1(context, {10}),
          dataset_labels(context, {1}, DType::i32),
          class_weights(context, {1}),
          indices(context, {1}, DType::i32),
          labels(context, {1}, DType::i32),
          weights(context, {1}),
          state(context) {
        clips.assign(std::vector<std::int32_t>(10, 0));
        rows.assign(std::vector<std::int32_t>(10, 1));
        rates.assign(std::vector<float>(10, 0.5F));
        beta_1.assign(std::vector<float>(10, 0.9F));
        dataset_labels.assign(std::vector<std::int32_t>{0});
        class_weights.assign(std::vector<float>{1});
    }
    void begin(Context& context) {
        begin_batch(context, {clips, rows, rates, beta_1, dataset_labels, class_weights}, state, indices, labels,
                    weights);
    }
    std::int32_t begun() { return state.get().next_batch; }

    TestTensor clips, rows, rates, beta_1, dataset_labels, class_weights, indices, labels, weights;
    TestState state;
};

// Each step reads what the one before wrote, and draws by the step's number.
TEST_P(StepGraphTest, RepeatedRunsEqualOrdinarySteps) {
    constexpr int kSteps = 5;
    constexpr std::int64_t kCount = 1000;
    std::vector<std::vector<float>> results;
    int asked = 0;
    for (const bool capture : {false, true}) {
        TestTensor values(context(), {kCount});
        values.assign(std::vector<float>(kCount, 1.0F));
        Steps steps(context());
        StepGraph graph;
        graph.capture(capture);
        asked = 0;
        for (int step = 0; step < kSteps; ++step) {
            graph.run(context(), [&] {
                ++asked;
                steps.begin(context());
                dropout(context(), 0.125F, random_stream(1, "test"), steps.state, values, values);
            });
        }
        results.push_back(values.values());
        EXPECT_EQ(steps.begun(), kSteps);
        EXPECT_EQ(graph.captured(), capture && captures_steps(context()));
    }
    EXPECT_EQ(asked, captures_steps(context()) ? 2 : kSteps);
    EXPECT_EQ(results[0], results[1]);
    std::size_t survivors = 0;
    for (const float value : results[0]) survivors += value != 0 ? 1U : 0U;
    EXPECT_GT(survivors, 400U);  // 0.875^5 of a thousand: 513
    EXPECT_LT(survivors, 620U);
}

TEST_P(StepGraphTest, AnErrorInAStepIsPassedOnAndTheNextRunWorks) {
    Steps steps(context());
    StepGraph graph;
    bool fails = false;
    const auto step = [&] {
        steps.begin(context());
        if (fails) throw std::runtime_error("in the middle");
    };
    graph.run(context(), step);
    fails = true;
    EXPECT_THROW(graph.run(context(), step), std::runtime_error);
    const std::int32_t before = steps.begun();
    fails = false;
    graph.run(context(), step);
    graph.run(context(), step);
    EXPECT_EQ(steps.begun(), before + 2);
}

INSTANTIATE_FOR_DEVICES(StepGraphTest);

}  // namespace
}  // namespace kickdrum
