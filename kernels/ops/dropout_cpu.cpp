// SPDX-License-Identifier: MIT
#include "kernels/ops/dropout.h"

#include <cmath>

#include "kernels/cpu/elementwise_kernels.h"
#include "kernels/cpu/parallel_chunks.h"
#include "kernels/ops/elementwise.h"

namespace kickdrum::cpu {
namespace {

// uniform01(word) >= rate as a comparison of integers: uniform01 drops the low 8 bits and multiplies by
// 2^-24.
std::uint32_t survival_threshold(float rate) {
    return static_cast<std::uint32_t>(std::ceil(static_cast<double>(rate) * 0x1p24)) << 8U;
}

}  // namespace

void dropout(Context& context, float rate, RandomStream stream, const StepState* state, Tensor src,
             Tensor dst) {
    if (rate == 0) return kickdrum::copy(context, src, dst);
    if (rate == 1) return kickdrum::fill(context, 0, dst);
    const DropoutMask mask = {.key0 = stream.key0,
                              .key1 = stream.key1,
                              .step = state->step,
                              .threshold = survival_threshold(rate),
                              .scale = 1 / (1 - rate)};
    const ElementwiseKernels& kernels = elementwise_kernels(context.simd());
    parallel_chunks(context, dst.count(), [&](std::int64_t begin, std::int64_t count) {
        kernels.dropout(mask, static_cast<std::uint64_t>(begin / 4), src.f32() + begin, dst.f32() + begin,
                        count);
    });
}

}  // namespace kickdrum::cpu
