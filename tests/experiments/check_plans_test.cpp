// SPDX-License-Identifier: MIT
#include "experiments/runs/check_plans.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "experiments/diagnostics.h"
#include "experiments/runs/check.h"
#include "kernels/device/cuda_status.h"
#include "kernels/device/dispatch.h"
#include "tests/support/experiment_files.h"

namespace kickdrum {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

const std::string kNetwork = R"(data: {labels: labels.csv, audio: clips, classes: [kick, snare]}
features: {size: [32, 48]}
model:
  - conv2d: {filters: 8, kernel: 3, padding: same, activation: relu}
  - max_pool2d: {size: 2}
  - residual:
      body: [conv2d: {filters: 8, kernel: 5, padding: same, strides: 1}]
  - flatten
  - dense: {units: classes, activation: softmax}
training: {batch_size: 16}
)";

class CheckPlans : public ExperimentFileTest {
 protected:
    ExperimentConfig config(const std::string& math) const {
        return read_experiment(write(kNetwork), {"device=cuda", "math=" + math}, MeantFor::another);
    }
    static std::vector<LayerRow> layers(const ExperimentConfig& config) {
        return describe_model(config.model, {1, config.features.height, config.features.width, 1}, 2);
    }
    // All passes get a plan, but for gradients of weights where `refuse` is set.
    static ConvPlanner planner(std::vector<ConvProblem>& asked, bool refuse = false) {
        return [&asked, refuse](const ConvProblem& problem, std::string_view architecture) {
            EXPECT_EQ(architecture, "sm_90");
            asked.push_back(problem);
            const bool found = !refuse || problem.pass != ConvPass::backward_weights;
            return ConvPlanCheck{.found = found,
                                 .description = found ? "engine 7" : "it is too new",
                                 .scratch_bytes = asked.size() << 20U,
                                 .engine = found ? 7 : -1,
                                 .notes = {}};
        };
    }
};

TEST_F(CheckPlans, AsksForEveryPassOfEveryConvolution) {
    std::vector<ConvProblem> asked;
    const ExperimentConfig bf16 = config("bf16");
    const auto checks = check_convolutions(bf16, layers(bf16), "sm_90", planner(asked));
    std::vector<std::string> passes;
    for (const auto& check : checks) passes.push_back(check.layer + ' ' + std::string(to_string(check.pass)));
    EXPECT_THAT(
        passes,
        ElementsAre("conv2d_1 forward", "conv2d_1 backward_weights", "residual_1/body/conv2d_1 forward",
                    "residual_1/body/conv2d_1 backward_src", "residual_1/body/conv2d_1 backward_weights"));
    ASSERT_EQ(asked.size(), 5U);
    EXPECT_EQ(asked[0].src_shape(), Shape({16, 32, 48, 1}));
    EXPECT_EQ(asked[2].src_shape(), Shape({16, 16, 24, 8}));
    EXPECT_EQ(asked[2].kernel, (Extent2d{5, 5}));
    for (const auto& problem : asked) {
        EXPECT_EQ(problem.operands, DType::bf16);
        EXPECT_EQ(problem.math, Math::bf16);
        EXPECT_TRUE(problem.deterministic);
    }
    EXPECT_EQ(workspace_of(checks), 5U << 20U);
    asked.clear();
    check_convolutions(config("tf32"), layers(bf16), "sm_90", planner(asked));
    EXPECT_EQ(asked[0].operands, DType::f32);
    EXPECT_EQ(asked[0].math, Math::tf32);
}

TEST_F(CheckPlans, TheMemoryOfARun) {
    const TrainingMemory exact = estimate_gpu_memory(config("fp32"), 2);
    const TrainingMemory narrow = estimate_gpu_memory(config("bf16"), 2);
    EXPECT_EQ(narrow.moments, exact.moments);
    EXPECT_EQ(narrow.activations, exact.activations / 2);
    EXPECT_EQ(narrow.parameters, exact.parameters / 4 * 5);
    EXPECT_EQ(narrow.best_weights, exact.best_weights / 2 * 3);
}

TEST_F(CheckPlans, TheReportSaysWhichHaveNone) {
    const ExperimentConfig fp32 = config("fp32");
    CheckReport report{.config = &fp32, .plan = {.parallel = 2, .threads = 1}, .device = Device::cuda};
    report.architecture = "sm_90";
    report.layers = layers(fp32);
    std::vector<ConvProblem> asked;
    report.convolutions = check_convolutions(fp32, report.layers, "sm_90", planner(asked));
    EXPECT_TRUE(report.plans());
    EXPECT_THAT(to_text(report),
                AllOf(HasSubstr("on a GPU of architecture sm_90 (fp32, 2 runs at a time)"),
                      HasSubstr("Convolutions on sm_90"), HasSubstr("engine 7"),
                      HasSubstr("comes on top of it"), HasSubstr("Every convolution has a plan on sm_90")));
    report.convolutions = check_convolutions(fp32, report.layers, "sm_90", planner(asked, true));
    EXPECT_FALSE(report.plans());
    EXPECT_THAT(to_text(report),
                AllOf(HasSubstr("none: it is too new"), HasSubstr("2 of 5 passes have no plan on sm_90")));
    const json document = json::parse(to_json(report));
    EXPECT_EQ(document.at("architecture"), "sm_90");
    EXPECT_EQ(document.at("plans"), false);
    EXPECT_EQ(document.at("convolutions").size(), 5U);
    EXPECT_EQ(document.at("convolutions").at(1).at("found"), false);
    EXPECT_FALSE(document.contains("estimated_seconds"));
}

TEST_F(CheckPlans, WhatToDoWithoutCudnn) {
    if (kWithCuda) GTEST_SKIP() << "this build has CUDA";
    try {
        require_planning("sm_90");
        FAIL() << "no error";
    } catch (const UserError& error) {
        EXPECT_EQ(error.code(), ExitCode::environment);
        EXPECT_THAT(error.what(), AllOf(HasSubstr("'--device cuda:sm_90' needs cuDNN"),
                                        HasSubstr("built without CUDA"), HasSubstr("--preset cuda")));
    }
}

}  // namespace
}  // namespace kickdrum
