// SPDX-License-Identifier: MIT
#include "kernels/cuda/elements.cuh"
#include "kernels/ops/weight_average.h"
#include "kernels/ops/weight_average_rule.h"

namespace kickdrum::cuda {
namespace {

template <int kSize>
__global__ void update_kernel(double decay, const StepState* __restrict__ state,
                              const float* __restrict__ values, float* __restrict__ average,
                              std::int64_t count) {
    const float kept = kept_of_average(decay, state->step);
    for_each_vector<kSize>(count, [&](auto size, std::int64_t at) {
        constexpr int kCount = decltype(size)::value;
        auto to = load_vector<kCount>(values + at);
        const auto old = load_vector<kCount>(average + at);
        // What was there may be anything at first.
#pragma unroll
        for (int j = 0; j < kCount; ++j) {
            if (kept != 0) to[j] += (old[j] - to[j]) * kept;
        }
        store_vector(average + at, to);
    });
}

template <int kSize>
__global__ void swap_kernel(float* __restrict__ a, float* __restrict__ b, bf16* __restrict__ shadow,
                            std::int64_t count) {
    for_each_vector<kSize>(count, [&](auto size, std::int64_t at) {
        constexpr int kCount = decltype(size)::value;
        const auto old_a = load_vector<kCount>(a + at);
        const auto old_b = load_vector<kCount>(b + at);
        store_vector(a + at, old_b);
        store_vector(b + at, old_a);
        if (shadow == nullptr) return;
        Vector<bf16, kCount> rounded;
#pragma unroll
        for (int j = 0; j < kCount; ++j) rounded[j] = from_float<bf16>(old_b[j]);
        store_vector(shadow + at, rounded);
    });
}

}  // namespace

void update_average(Context& context, double decay, const StepState* state, Tensor values, Tensor average) {
    const auto run = [&]<int kCount>(VectorSize<kCount>) {
        launch(context, update_kernel<kCount>, elements_shape(context, values.count() / kCount), decay, state,
               values.f32(), average.f32(), values.count());
    };
    constexpr int kFloats = kVectorSize<float>;
    if (fits_vectors(0, kFloats, {values.data, average.data})) {
        run(VectorSize<kFloats>{});
    } else {
        run(VectorSize<1>{});
    }
}

void swap_weights(Context& context, Tensor a, Tensor b, Tensor shadow) {
    const auto run = [&]<int kCount>(VectorSize<kCount>) {
        launch(context, swap_kernel<kCount>, elements_shape(context, a.count() / kCount), a.f32(), b.f32(),
               data_of<bf16>(shadow), a.count());
    };
    constexpr int kFloats = kVectorSize<float>;
    if (fits_vectors(0, kFloats, {a.data, b.data, shadow.data})) {
        run(VectorSize<kFloats>{});
    } else {
        run(VectorSize<1>{});
    }
}

}  // namespace kickdrum::cuda
