// SPDX-License-Identifier: MIT
#include "kernels/ops/optimizer.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "kernels/cpu/elementwise_kernels.h"
#include "kernels/cpu/parallel_chunks.h"

namespace kickdrum::cpu {
namespace {

// How clip_by_global_norm cuts its sum: the number of pieces is fixed, their size grows.
constexpr std::int64_t kSumPieces = 256;
constexpr std::int64_t kSumAlignment = 1024;

}  // namespace

void adam_step(Context& context, const AdamSpec& spec, const StepState* state, Tensor weights,
               Tensor gradient, Tensor m, Tensor v, Tensor) {
    const auto t = static_cast<double>(state->step + 1 - spec.first_step);
    const double beta_1 = spec.beta_1_by_step ? static_cast<double>(state->beta_1) : spec.beta_1;
    const double correction = std::sqrt(1 - std::pow(spec.beta_2, t)) / (1 - std::pow(beta_1, t));
    const double rate = static_cast<double>(state->learning_rate) * spec.rate_factor;
    const AdamCoefficients coefficients = {.gradient_scale = state->gradient_scale,
                                           .one_minus_beta_1 = static_cast<float>(1 - beta_1),
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

void sgd_step(Context& context, const SgdSpec& spec, const StepState* state, Tensor weights, Tensor gradient,
              Tensor velocity, Tensor) {
    const double rate = static_cast<double>(state->learning_rate) * spec.rate_factor;
    const SgdCoefficients coefficients = {.gradient_scale = state->gradient_scale,
                                          .learning_rate = static_cast<float>(rate),
                                          .momentum = static_cast<float>(spec.momentum),
                                          .decay = static_cast<float>(spec.weight_decay * rate),
                                          .nesterov = spec.nesterov};
    const ElementwiseKernels& kernels = elementwise_kernels(context.simd());
    // Without momentum v = -learning_rate * g is forgotten at once; Nesterov's step is the same.
    float* const v = spec.momentum != 0 ? velocity.f32() : nullptr;
    parallel_chunks(context, weights.count(), [&](std::int64_t begin, std::int64_t count) {
        kernels.sgd(coefficients, gradient.f32() + begin, weights.f32() + begin, v == nullptr ? v : v + begin,
                    count);
    });
}

void clip_by_global_norm(Context& context, double limit, Tensor gradients, Tensor scratch, StepState* state) {
    const ElementwiseKernels& kernels = elementwise_kernels(context.simd());
    const std::int64_t count = gradients.count();
    const std::int64_t per_piece = (count + kSumPieces - 1) / kSumPieces;
    const std::int64_t size = (per_piece + kSumAlignment - 1) / kSumAlignment * kSumAlignment;
    const std::int64_t pieces = (count + size - 1) / size;
    auto* const sums = static_cast<double*>(scratch.data);
    context.pool().parallel_for(pieces, [&](std::int64_t piece, int) {
        const std::int64_t begin = piece * size;
        sums[piece] = kernels.sum_of_squares(gradients.f32() + begin, std::min(size, count - begin));
    });
    const double norm = std::sqrt(std::accumulate(sums, sums + pieces, 0.0));
    state->gradient_scale = norm > limit ? static_cast<float>(limit / norm) : 1.0F;
}

}  // namespace kickdrum::cpu
