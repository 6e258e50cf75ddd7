// SPDX-License-Identifier: MIT
#include <algorithm>

#include "kernels/cpu/parallel_chunks.h"
#include "kernels/ops/weight_average.h"
#include "kernels/ops/weight_average_rule.h"

namespace kickdrum::cpu {

void update_average(Context& context, double decay, const StepState* state, Tensor values, Tensor average) {
    const float kept = kept_of_average(decay, state->step);
    parallel_chunks(context, values.count(), [&](std::int64_t begin, std::int64_t count) {
        const float* const from = values.f32() + begin;
        float* const to = average.f32() + begin;
        // What was there may be anything at first.
        if (kept == 0) {
            std::copy_n(from, count, to);
            return;
        }
        for (std::int64_t i = 0; i < count; ++i) to[i] = from[i] + (to[i] - from[i]) * kept;
    });
}

void swap_weights(Context& context, Tensor a, Tensor b, Tensor) {
    parallel_chunks(context, a.count(), [&](std::int64_t begin, std::int64_t count) {
        std::swap_ranges(a.f32() + begin, a.f32() + begin + count, b.f32() + begin);
    });
}

}  // namespace kickdrum::cpu
