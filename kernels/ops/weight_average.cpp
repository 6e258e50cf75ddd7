// SPDX-License-Identifier: MIT
#include "kernels/ops/weight_average.h"

#include "kernels/device/dispatch.h"
#include "kernels/ops/tensor_checks.h"

namespace kickdrum {

void update_average(Context& context, double decay, const StepState* state, Tensor values, Tensor average) {
    require(state != nullptr, "update_average: the state of the step is missing");
    require(decay > 0 && decay < 1, "update_average: the decay must be in (0, 1), not {}", decay);
    require_tensor(context, "update_average: values", values);
    require_elements(context, "update_average: average", average, values.count());
    KICKDRUM_DISPATCH(context, update_average(context, decay, state, values, average));
}

void swap_weights(Context& context, Tensor a, Tensor b, Tensor shadow) {
    require_tensor(context, "swap_weights: a", a);
    require_elements(context, "swap_weights: b", b, a.count());
    if (shadow) require_elements(context, "swap_weights: shadow", shadow, a.count(), DType::bf16);
    KICKDRUM_DISPATCH(context, swap_weights(context, a, b, shadow));
}

}  // namespace kickdrum
