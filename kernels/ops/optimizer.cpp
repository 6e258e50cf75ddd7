// SPDX-License-Identifier: MIT
#include "kernels/ops/optimizer.h"

#include "kernels/device/dispatch.h"
#include "kernels/ops/tensor_checks.h"

namespace kickdrum {
namespace {

// The sums of this many pieces: enough for every device to be busy, few enough to be added up by one of its
// threads.
constexpr std::size_t kClipPieces = 1024;

void check_shadow(const Context& context, std::string_view what, const Tensor& shadow,
                  const Tensor& weights) {
    if (shadow) require_elements(context, what, shadow, weights.count(), DType::bf16);
}

}  // namespace

void adam_step(Context& context, const AdamSpec& spec, const StepState* state, Tensor weights,
               Tensor gradient, Tensor m, Tensor v, Tensor shadow) {
    require(state != nullptr, "adam_step: the state of the step is missing");
    require(spec.beta_1 >= 0 && spec.beta_1 < 1, "adam_step: beta_1 must be in [0, 1), not {}", spec.beta_1);
    require(spec.beta_2 >= 0 && spec.beta_2 < 1, "adam_step: beta_2 must be in [0, 1), not {}", spec.beta_2);
    require_tensor(context, "adam_step: weights", weights);
    require_elements(context, "adam_step: gradient", gradient, weights.count());
    require_elements(context, "adam_step: m", m, weights.count());
    require_elements(context, "adam_step: v", v, weights.count());
    check_shadow(context, "adam_step: shadow", shadow, weights);
    KICKDRUM_DISPATCH(context, adam_step(context, spec, state, weights, gradient, m, v, shadow));
}

void sgd_step(Context& context, const SgdSpec& spec, const StepState* state, Tensor weights, Tensor gradient,
              Tensor velocity, Tensor shadow) {
    require(state != nullptr, "sgd_step: the state of the step is missing");
    require(spec.momentum >= 0 && spec.momentum <= 1, "sgd_step: the momentum must be in [0, 1], not {}",
            spec.momentum);
    require_tensor(context, "sgd_step: weights", weights);
    require_elements(context, "sgd_step: gradient", gradient, weights.count());
    if (spec.momentum != 0) require_elements(context, "sgd_step: velocity", velocity, weights.count());
    check_shadow(context, "sgd_step: shadow", shadow, weights);
    KICKDRUM_DISPATCH(context, sgd_step(context, spec, state, weights, gradient, velocity, shadow));
}

std::size_t clip_scratch_bytes() {
    return kClipPieces * sizeof(double);
}

void clip_by_global_norm(Context& context, double limit, Tensor gradients, Tensor scratch, StepState* state) {
    require(state != nullptr, "clip_by_global_norm: the state of the step is missing");
    require(limit > 0, "clip_by_global_norm: the limit must be positive, not {}", limit);
    require_tensor(context, "clip_by_global_norm: gradients", gradients);
    require_scratch(context, "clip_by_global_norm: scratch", scratch, clip_scratch_bytes());
    KICKDRUM_DISPATCH(context, clip_by_global_norm(context, limit, gradients, scratch, state));
}

}  // namespace kickdrum
