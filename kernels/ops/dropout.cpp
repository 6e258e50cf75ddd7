// SPDX-License-Identifier: MIT
#include "kernels/ops/dropout.h"

#include "kernels/device/dispatch.h"
#include "kernels/ops/tensor_checks.h"

namespace kickdrum {

void dropout(Context& context, float rate, RandomStream stream, const StepState* state, Tensor src,
             Tensor dst) {
    require(rate >= 0 && rate <= 1, "dropout: the rate must be in [0, 1], not {}", rate);
    require(state != nullptr, "dropout: the state of the step is missing");
    const DType dtype = activation_type(context, src);
    require_tensor(context, "dropout: src", src, dtype);
    require_elements(context, "dropout: dst", dst, src.count(), dtype);
    KICKDRUM_DISPATCH(context, dropout(context, rate, stream, state, src, dst));
}

}  // namespace kickdrum
