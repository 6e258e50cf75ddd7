// SPDX-License-Identifier: MIT
#include "kernels/ops/optimizer.h"

#include <cmath>

#include "kernels/cpu/elementwise_kernels.h"
#include "kernels/cpu/parallel_chunks.h"

namespace kickdrum::cpu {

void adam_step(Context& context, const AdamSpec& spec, float learning_rate, std::uint64_t step,
               float gradient_scale, Tensor weights, Tensor gradient, Tensor m, Tensor v) {
    const auto t = static_cast<double>(step);
    const double correction = std::sqrt(1 - std::pow(spec.beta_2, t)) / (1 - std::pow(spec.beta_1, t));
    const auto rate = static_cast<double>(learning_rate);
    const AdamCoefficients coefficients = {.gradient_scale = gradient_scale,
                                           .one_minus_beta_1 = static_cast<float>(1 - spec.beta_1),
                                           .one_minus_beta_2 = static_cast<float>(1 - spec.beta_2),
                                           .alpha = static_cast<float>(rate * correction),
                                           .epsilon = static_cast<float>(spec.epsilon),
                                           .decay = static_cast<float>(spec.weight_decay * rate)};
    const ElementwiseKernels& kernels = elementwise_kernels(context.simd());
    parallel_chunks(context, weights.count(), [&](std::int64_t begin, std::int64_t count) {
        kernels.adam(coefficients, gradient.f32() + begin, weights.f32() + begin, m.f32() + begin,
                     v.f32() + begin, count);
    });
}

void sgd_step(Context& context, const SgdSpec& spec, float learning_rate, float gradient_scale,
              Tensor weights, Tensor gradient, Tensor velocity) {
    const SgdCoefficients coefficients = {
        .gradient_scale = gradient_scale,
        .learning_rate = learning_rate,
        .momentum = static_cast<float>(spec.momentum),
        .decay = static_cast<float>(spec.weight_decay * static_cast<double>(learning_rate)),
        .nesterov = spec.nesterov};
    const ElementwiseKernels& kernels = elementwise_kernels(context.simd());
    // Without momentum v = -learning_rate * g is forgotten at once; Nesterov's step is the same.
    float* const v = spec.momentum != 0 ? velocity.f32() : nullptr;
    parallel_chunks(context, weights.count(), [&](std::int64_t begin, std::int64_t count) {
        kernels.sgd(coefficients, gradient.f32() + begin, weights.f32() + begin, v == nullptr ? v : v + begin,
                    count);
    });
}

}  // namespace kickdrum::cpu
