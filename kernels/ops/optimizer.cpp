// SPDX-License-Identifier: MIT
#include "kernels/ops/optimizer.h"

#include "kernels/device/dispatch.h"
#include "kernels/ops/tensor_checks.h"

namespace kickdrum {

void adam_step(Context& context, const AdamSpec& spec, float learning_rate, std::uint64_t step,
               float gradient_scale, Tensor weights, Tensor gradient, Tensor m, Tensor v) {
    require(step >= 1, "adam_step: steps count from 1");
    require(spec.beta_1 >= 0 && spec.beta_1 < 1, "adam_step: beta_1 must be in [0, 1), not {}", spec.beta_1);
    require(spec.beta_2 >= 0 && spec.beta_2 < 1, "adam_step: beta_2 must be in [0, 1), not {}", spec.beta_2);
    require_tensor(context, "adam_step: weights", weights);
    require_elements(context, "adam_step: gradient", gradient, weights.count());
    require_elements(context, "adam_step: m", m, weights.count());
    require_elements(context, "adam_step: v", v, weights.count());
    KICKDRUM_DISPATCH(context,
                      adam_step(context, spec, learning_rate, step, gradient_scale, weights, gradient, m, v));
}

void sgd_step(Context& context, const SgdSpec& spec, float learning_rate, float gradient_scale,
              Tensor weights, Tensor gradient, Tensor velocity) {
    require(spec.momentum >= 0 && spec.momentum <= 1, "sgd_step: the momentum must be in [0, 1], not {}",
            spec.momentum);
    require_tensor(context, "sgd_step: weights", weights);
    require_elements(context, "sgd_step: gradient", gradient, weights.count());
    if (spec.momentum != 0) require_elements(context, "sgd_step: velocity", velocity, weights.count());
    KICKDRUM_DISPATCH(context,
                      sgd_step(context, spec, learning_rate, gradient_scale, weights, gradient, velocity));
}

}  // namespace kickdrum
