// SPDX-License-Identifier: MIT
#include "kernels/ops/dropout.h"

#include "kernels/cuda/dropout_mask.cuh"
#include "kernels/cuda/elements.cuh"
#include "kernels/ops/elementwise.h"

namespace kickdrum::cuda {
namespace {

// No __restrict__: dst may be src.
template <class T, int kSize>
__global__ void dropout_kernel(RandomStream stream, std::uint32_t threshold, float factor,
                               const StepState* __restrict__ state, const T* src, T* dst,
                               std::int64_t count) {
    const std::uint64_t step = state->step;
    for_each_vector<kSize>(count, [&](auto size, std::int64_t at) {
        constexpr int kCount = decltype(size)::value;
        Vector<T, kCount> values = load_vector<kCount>(src + at);
        Philox4 words = {};
#pragma unroll
        for (int j = 0; j < kCount; ++j) {
            // A vector begins at a multiple of four.
            if (j % 4 == 0) words = philox(stream, static_cast<std::uint64_t>(at + j) / 4, step);
            const std::uint32_t word = word_of(words, kCount == 1 ? static_cast<int>(at % 4) : j % 4);
            values[j] = from_float<T>(word >= threshold ? to_float(values[j]) * factor : 0);
        }
        store_vector(dst + at, values);
    });
}

}  // namespace

void dropout(Context& context, float rate, RandomStream stream, const StepState* state, Tensor src,
             Tensor dst) {
    if (rate == 0) return kickdrum::copy(context, src, dst);
    if (rate == 1) return kickdrum::fill(context, 0, dst);
    with_vectors(dst.dtype, 0, {src.data, dst.data},
                 [&]<class T, int kSize>(std::type_identity<T>, VectorSize<kSize>) {
                     launch(context, dropout_kernel<T, kSize>, elements_shape(context, dst.count() / kSize),
                            stream, survival_threshold(rate), 1 / (1 - rate), state, data_of<T>(src),
                            data_of<T>(dst), dst.count());
                 });
}

}  // namespace kickdrum::cuda
