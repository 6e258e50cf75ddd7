// SPDX-License-Identifier: MIT
#include "kernels/cuda/engine_kernels.cuh"

#include "kernels/cuda/elements.cuh"

namespace kickdrum::cuda {
namespace {

__global__ void widen_kernel(const bf16* src, float* dst, std::int64_t count) {
    for (std::int64_t i = thread_number(); i < count; i += thread_count()) dst[i] = to_float(src[i]);
}

template <class T>
__global__ void add_bias_kernel(const float* src, const float* bias, bool relu, T* dst, std::int64_t count,
                                std::int64_t columns) {
    for (std::int64_t i = thread_number(); i < count; i += thread_count()) {
        const float value = src[i] + bias[i % columns];
        dst[i] = from_float<T>(relu && value < 0.0F ? 0.0F : value);
    }
}

// A block sums 32 columns, each of its 8 rows of threads every eighth row; then these 8 sums.
constexpr int kColumns = 32;
constexpr int kRows = 8;

template <class T>
__global__ void sum_columns_kernel(const T* src, float* sums, std::int64_t rows, std::int64_t columns) {
    KICKDRUM_SHARED(float, partial, kRows* kColumns);
    const std::int64_t column = std::int64_t{blockIdx.x} * kColumns + threadIdx.x;
    float sum = 0.0F;
    if (column < columns) {
        for (std::int64_t row = threadIdx.y; row < rows; row += kRows)
            sum += to_float(src[row * columns + column]);
    }
    partial[threadIdx.y * kColumns + threadIdx.x] = sum;
    __syncthreads();
    if (threadIdx.y != 0 || column >= columns) return;
    for (unsigned row = 1; row < kRows; ++row) sum += partial[row * kColumns + threadIdx.x];
    sums[column] = sum;
}

template <class T>
T* pointer(const Tensor& tensor) {
    return static_cast<T*>(tensor.data);
}

}  // namespace

void widen(Context& context, const void* src, float* dst, std::int64_t count) {
    launch(context, widen_kernel, elements_shape(context, count), static_cast<const bf16*>(src), dst, count);
}

void add_bias(Context& context, const float* src, const float* bias, bool relu, Tensor dst,
              std::int64_t columns) {
    const std::int64_t count = dst.count();
    if (dst.dtype == DType::bf16) {
        launch(context, add_bias_kernel<bf16>, elements_shape(context, count), src, bias, relu,
               pointer<bf16>(dst), count, columns);
    } else {
        launch(context, add_bias_kernel<float>, elements_shape(context, count), src, bias, relu,
               pointer<float>(dst), count, columns);
    }
}

void sum_columns(Context& context, Tensor src, float* sums, std::int64_t columns) {
    const std::int64_t rows = src.count() / columns;
    const LaunchShape shape{.grid = dim3(static_cast<unsigned>((columns + kColumns - 1) / kColumns)),
                            .block = dim3(kColumns, kRows)};
    if (src.dtype == DType::bf16) {
        launch(context, sum_columns_kernel<bf16>, shape, pointer<const bf16>(src), sums, rows, columns);
    } else {
        launch(context, sum_columns_kernel<float>, shape, pointer<const float>(src), sums, rows, columns);
    }
}

}  // namespace kickdrum::cuda
