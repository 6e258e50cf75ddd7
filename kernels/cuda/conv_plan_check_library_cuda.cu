// SPDX-License-Identifier: MIT
#include "kernels/cuda/conv_choice.cuh"
#include "kernels/device/conv_plan_check.h"

namespace kickdrum::cuda {

ConvPlanCheck plan_without_device(const ConvProblem& problem, std::string_view architecture) {
    check(problem);
    const Descriptor properties = describe_architecture(architecture);
    const PlanTarget target{.properties = &properties};
    ConvPlanCheck result;
    const auto plan = choose_conv_plan(problem, target, result.description);
    if (!plan) return result;
    result.found = true;
    result.description = describe(problem, *plan);
    result.scratch_bytes = plan->scratch_bytes();
    result.engine = static_cast<int>(plan->engine);
    for (const auto note : plan->notes) result.notes.emplace_back(note_name(note));
    return result;
}

}  // namespace kickdrum::cuda
