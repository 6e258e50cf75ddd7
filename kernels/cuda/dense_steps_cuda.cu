// SPDX-License-Identifier: MIT
#include "kernels/cuda/dense_steps.cuh"

#include "kernels/cuda/column_sums.cuh"
#include "kernels/cuda/dropout_mask.cuh"
#include "kernels/cuda/elements.cuh"

namespace kickdrum::cuda {
namespace {

constexpr int kDrawn = 4;  // elements that share a draw of Philox

// No __restrict__: product may be dst. drops.state is null where nothing is dropped.
template <class T>
__global__ void finish_dense_kernel(DenseDropout drops, std::uint32_t threshold, float scale,
                                    const float* product, const float* bias, T* dst, std::int64_t count,
                                    std::int64_t columns) {
    const bool draws = drops.state != nullptr;
    const std::uint64_t step = draws ? drops.state->step : 0;
    for (std::int64_t group = thread_number(); group * kDrawn < count; group += thread_count()) {
        Philox4 words = {};
        if (draws) words = philox(drops.stream, static_cast<std::uint64_t>(group), step);
#pragma unroll
        for (int j = 0; j < kDrawn; ++j) {
            const std::int64_t i = group * kDrawn + j;
            if (i >= count) break;
            float value = product[i] + (bias != nullptr ? bias[i % columns] : 0.0F);
            value = value < 0.0F ? 0.0F : value;  // NaN stays
            if (draws) value = words[j] >= threshold ? value * scale : 0.0F;
            dst[i] = from_float<T>(value);
        }
    }
}

// A block takes 32 columns, each of its 8 rows of threads every eighth row.
constexpr int kColumns = 32;
constexpr int kRows = 8;

template <class T>
__global__ void __launch_bounds__(kColumns* kRows)
    begin_dense_backward_kernel(float scale, const T* dst, const T* diff_dst, T* gradient, float* diff_bias,
                                std::int64_t rows, std::int64_t columns) {
    KICKDRUM_SHARED(float, partial, kRows* kColumns);
    const std::int64_t column = std::int64_t{blockIdx.x} * kColumns + threadIdx.x;
    float sum = 0.0F;
    if (column < columns) {
        for (std::int64_t row = threadIdx.y; row < rows; row += kRows) {
            const std::int64_t at = row * columns + column;
            const float value = to_float(dst[at]) > 0.0F ? to_float(diff_dst[at]) * scale : 0.0F;
            gradient[at] = from_float<T>(value);
            sum += value;
        }
    }
    partial[threadIdx.y * kColumns + threadIdx.x] = sum;
    __syncthreads();
    if (threadIdx.y != 0 || column >= columns || diff_bias == nullptr) return;
    for (unsigned row = 1; row < kRows; ++row) sum += partial[row * kColumns + threadIdx.x];
    diff_bias[column] = sum;
}

float* data_or_null(const Tensor& tensor) {
    return tensor ? tensor.f32() : nullptr;
}

}  // namespace

void finish_dense(Context& context, float dropout, const DenseDropout& mask, const float* product,
                  Tensor bias, Tensor dst) {
    const std::int64_t count = dst.count();
    with_activation_type(dst.dtype, [&]<class T>(std::type_identity<T>) {
        launch(context, finish_dense_kernel<T>, elements_shape(context, divide_up(count, kDrawn)), mask,
               survival_threshold(dropout), 1 / (1 - dropout), product, data_or_null(bias), data_of<T>(dst),
               count, dst.shape[1]);
    });
}

void begin_dense_backward(Context& context, float scale, Tensor dst, Tensor diff_dst, Tensor gradient,
                          Tensor diff_bias) {
    const std::int64_t columns = dst.shape[1];
    const LaunchShape shape{.grid = dim3(static_cast<unsigned>(divide_up(columns, kColumns))),
                            .block = dim3(kColumns, kRows)};
    with_activation_type(dst.dtype, [&]<class T>(std::type_identity<T>) {
        launch(context, begin_dense_backward_kernel<T>, shape, scale, data_of<const T>(dst),
               data_of<const T>(diff_dst), data_of<T>(gradient), data_or_null(diff_bias), dst.rows(),
               columns);
    });
}

}  // namespace kickdrum::cuda
