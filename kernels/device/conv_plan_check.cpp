// SPDX-License-Identifier: MIT
#include "kernels/device/conv_plan_check.h"

#include <algorithm>

#include "kernels/device/dispatch.h"

namespace kickdrum {

std::vector<std::string_view> plannable_architectures() {
    return {"sm_80", "sm_90", "sm_100"};
}

ConvPlanCheck plan_without_device(const ConvProblem& problem, std::string_view architecture) {
    const auto known = plannable_architectures();
    require(std::find(known.begin(), known.end(), architecture) != known.end(),
            "'{}' isn't an architecture that can be planned for: {}", architecture, fmt::join(known, ", "));
    if constexpr (kWithCuda) return cuda::plan_without_device(problem, architecture);
    throw DeviceError(
        "this program was built without CUDA, so that it can't ask cuDNN for plans: "
        "configure it with the preset 'cuda'");
}

}  // namespace kickdrum
