// SPDX-License-Identifier: MIT
// That a plan exists is an answer of cuDNN's, not a proof that its kernel is right: that takes a GPU.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "kernels/cuda/conv_choice.cuh"
#include "kernels/device/conv_plan_check.h"
#include "tests/cuda_plans/conv_cases.h"

namespace kickdrum {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

constexpr auto kPasses = {ConvPass::forward, ConvPass::backward_src, ConvPass::backward_weights};

ConvProblem problem_of(const ConvCase& one, ConvPass pass, Math math, bool deterministic = true) {
    const DType activations = math == Math::bf16 ? DType::bf16 : DType::f32;
    return conv_problem(pass, one.src, one.spec, activations, math, deterministic);
}

class ConvPlans : public testing::TestWithParam<std::tuple<std::string, Math>> {
 protected:
    void expect_plan(const ConvCase& one, ConvPass pass) {
        const auto& [architecture, math] = GetParam();
        const ConvProblem problem = problem_of(one, pass, math);
        if (!asked_.insert(to_string(problem)).second) return;
        const ConvPlanCheck plan = cuda::plan_without_device(problem, architecture);
        SCOPED_TRACE(one.origin + ": " + to_string(problem) + ": " + plan.description);
        EXPECT_TRUE(plan.found);
        EXPECT_LE(plan.scratch_bytes, kConvScratchLimit);
        std::set<std::string> allowed = {"strict_nan_prop"};
        if (math != Math::fp32) allowed.insert("tensor_core");
        if (math == Math::tf32) allowed.insert("down_convert_inputs");
        for (const auto& note : plan.notes) EXPECT_THAT(allowed, Contains(note));
    }
    void expect_plans(const std::vector<ConvCase>& cases) {
        ASSERT_FALSE(cases.empty());
        for (const ConvCase& one : cases) {
            for (const ConvPass pass : kPasses) {
                if (pass != ConvPass::backward_src || !one.first) expect_plan(one, pass);
            }
        }
        RecordProperty("problems", static_cast<int>(asked_.size()));
    }

    std::set<std::string> asked_;
};

TEST_P(ConvPlans, ExistForTheShippedConfigs) {
    expect_plans(convolutions_of_shipped_configs());
}

TEST_P(ConvPlans, ExistForUnusualConvolutions) {
    expect_plans(unusual_convolutions());
}

std::string name_of(const testing::TestParamInfo<ConvPlans::ParamType>& one) {
    return std::get<0>(one.param) + "_" + std::string(to_string(std::get<1>(one.param)));
}

INSTANTIATE_TEST_SUITE_P(Architectures, ConvPlans,
                         testing::Combine(testing::Values("sm_80", "sm_90", "sm_100"),
                                          testing::Values(Math::fp32, Math::tf32, Math::bf16)),
                         name_of);

const ConvCase kSecondBlock{"", {64, 64, 64, 32}, {.channels_out = 64, .padding = Padding::same}};

TEST(ConvPlanChoice, EveryArchitectureOfTheListIsKnown) {
    for (const auto architecture : plannable_architectures()) {
        EXPECT_NO_THROW(cuda::describe_architecture(architecture)) << architecture;
    }
    EXPECT_THROW(cuda::describe_architecture("sm_12"), InvalidArgument);
}

TEST(ConvPlanChoice, Bf16HasNoEngineBeforeAmpere) {
    const auto plan =
        cuda::plan_without_device(problem_of(kSecondBlock, ConvPass::forward, Math::bf16), "sm_75");
    EXPECT_FALSE(plan.found) << plan.description;
    EXPECT_FALSE(plan.description.empty());
}

TEST(ConvPlanChoice, RefusesAnEngineOfAnotherArchitecture) {
    const ConvProblem problem = problem_of(kSecondBlock, ConvPass::forward, Math::bf16);
    const auto finish_with = [&](std::int64_t engine, std::string_view architecture) {
        const cuda::Descriptor properties = cuda::describe_architecture(architecture);
        const cuda::Descriptor graph = cuda::conv_graph(problem, {.properties = &properties});
        cuda::Descriptor chosen(CUDNN_BACKEND_ENGINE_DESCRIPTOR);
        chosen.set(CUDNN_ATTR_ENGINE_OPERATION_GRAPH, graph)
            .set(CUDNN_ATTR_ENGINE_GLOBAL_INDEX, engine)
            .set(CUDNN_ATTR_ENGINE_DEVICEPROP, properties)
            .finish();
        cuda::Descriptor config(CUDNN_BACKEND_ENGINECFG_DESCRIPTOR);
        config.set(CUDNN_ATTR_ENGINECFG_ENGINE, chosen).finish();
        cuda::Descriptor plan(CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR);
        plan.set(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, config)
            .set(CUDNN_ATTR_EXECUTION_PLAN_DEVICEPROP, properties)
            .finish();
    };
    const auto hopper = cuda::plan_without_device(problem, "sm_90");
    ASSERT_TRUE(hopper.found);
    EXPECT_NO_THROW(finish_with(hopper.engine, "sm_90"));
    try {
        finish_with(hopper.engine, "sm_80");
        FAIL() << "sm_80 takes engine " << hopper.engine << " of sm_90";
    } catch (const cuda::CudnnError& error) {
        EXPECT_TRUE(error.not_supported()) << error.what();
        EXPECT_THAT(error.what(), HasSubstr("cuDNN: "));
    }
}

TEST(ConvPlanChoice, KeepsToTheScratchLimit) {
    const ConvCase odd{"", {64, 32, 32, 31}, {.channels_out = 63, .padding = Padding::same}};
    ConvProblem problem = problem_of(odd, ConvPass::forward, Math::tf32);
    const auto roomy = cuda::plan_without_device(problem, "sm_90");
    ASSERT_TRUE(roomy.found);
    ASSERT_GT(roomy.scratch_bytes, 1U << 20);
    problem.scratch_limit = roomy.scratch_bytes - 1;
    const auto tight = cuda::plan_without_device(problem, "sm_90");
    EXPECT_NE(tight.engine, roomy.engine);
    EXPECT_LT(tight.scratch_bytes, roomy.scratch_bytes);
}

TEST(ConvPlanChoice, Tf32TakesTensorCoresWhereStrictFp32MayNot) {
    const auto notes = [](Math math) {
        return cuda::plan_without_device(problem_of(kSecondBlock, ConvPass::forward, math), "sm_90").notes;
    };
    EXPECT_THAT(notes(Math::tf32), Contains("tensor_core"));
    EXPECT_THAT(notes(Math::fp32), Not(Contains("tensor_core")));
}

TEST(ConvPlanChoice, OrderOfAdditionsMayBeLeftOpen) {
    for (const ConvPass pass : kPasses) {
        for (const Math math : {Math::fp32, Math::tf32, Math::bf16}) {
            const auto plan = cuda::plan_without_device(problem_of(kSecondBlock, pass, math, false), "sm_90");
            EXPECT_TRUE(plan.found) << plan.description;
        }
    }
}

}  // namespace
}  // namespace kickdrum
