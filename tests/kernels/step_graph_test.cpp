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

// Each step reads what the one before wrote, and draws by the step's number.
TEST_P(StepGraphTest, RepeatedRunsEqualOrdinarySteps) {
    constexpr int kSteps = 5;
    constexpr std::int64_t kCount = 1000;
    std::vector<std::vector<float>> results;
    int asked = 0;
    for (const bool capture : {false, true}) {
        TestTensor values(context(), {kCount});
        values.assign(std::vector<float>(kCount, 1.0F));
        TestState state(context());
        StepGraph graph;
        graph.capture(capture);
        asked = 0;
        for (int step = 0; step < kSteps; ++step) {
            graph.run(context(), [&] {
                ++asked;
                dropout(context(), 0.125F, random_stream(1, "test"), state, values, values);
                end_batch(context(), state);
            });
        }
        results.push_back(values.values());
        EXPECT_EQ(state.get().step, static_cast<std::uint64_t>(kSteps));
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
    TestState state(context());
    StepGraph graph;
    bool fails = false;
    const auto step = [&] {
        end_batch(context(), state);
        if (fails) throw std::runtime_error("in the middle");
    };
    graph.run(context(), step);
    fails = true;
    EXPECT_THROW(graph.run(context(), step), std::runtime_error);
    const std::uint64_t before = state.get().step;
    fails = false;
    graph.run(context(), step);
    graph.run(context(), step);
    EXPECT_EQ(state.get().step, before + 2);
}

INSTANTIATE_FOR_DEVICES(StepGraphTest);

}  // namespace
}  // namespace kickdrum
