// SPDX-License-Identifier: MIT
#include "kernels/cuda/elements.cuh"
#include "kernels/ops/elementwise.h"

namespace kickdrum::cuda {
namespace {

template <class T, int kSize>
__global__ void fill_kernel(float value, T* __restrict__ dst, std::int64_t count) {
    for_each_vector<kSize>(count, [&](auto size, std::int64_t at) {
        constexpr int kCount = decltype(size)::value;
        Vector<T, kCount> result;
#pragma unroll
        for (int j = 0; j < kCount; ++j) result[j] = from_float<T>(value);
        store_vector(dst + at, result);
    });
}

// No __restrict__: dst may be a or b, element for element.
template <class T, int kSize>
__global__ void add_kernel(const T* a, const T* b, T* dst, std::int64_t count) {
    for_each_vector<kSize>(count, [&](auto size, std::int64_t at) {
        constexpr int kCount = decltype(size)::value;
        Vector<T, kCount> left = load_vector<kCount>(a + at);
        const Vector<T, kCount> right = load_vector<kCount>(b + at);
#pragma unroll
        for (int j = 0; j < kCount; ++j) left[j] = from_float<T>(to_float(left[j]) + to_float(right[j]));
        store_vector(dst + at, left);
    });
}

template <class T, int kSize>
__global__ void scale_kernel(float factor, T* __restrict__ dst, std::int64_t count) {
    for_each_vector<kSize>(count, [&](auto size, std::int64_t at) {
        constexpr int kCount = decltype(size)::value;
        Vector<T, kCount> values = load_vector<kCount>(dst + at);
#pragma unroll
        for (int j = 0; j < kCount; ++j) values[j] = from_float<T>(to_float(values[j]) * factor);
        store_vector(dst + at, values);
    });
}

// The value of a row that doesn't exist.
template <class T>
__device__ T missing() {
    if constexpr (std::is_integral_v<T>) {
        return 0;
    } else {
        return from_float<T>(__int_as_float(0x7fffffff));
    }
}

template <class Src, class Dst>
__device__ Dst converted(Src value) {
    if constexpr (std::is_same_v<Src, Dst>) {
        return value;
    } else {
        return from_float<Dst>(value);
    }
}

// blockIdx.x: rows of dst; the blocks of blockIdx.y share a row.
template <class Src, class Dst, int kSize>
__global__ void gather_rows_kernel(const Src* __restrict__ src, const std::int32_t* __restrict__ indices,
                                   Dst* __restrict__ dst, std::int64_t src_rows, std::int64_t rows,
                                   std::int64_t row_count) {
    const std::int64_t first = (static_cast<std::int64_t>(blockIdx.y) * blockDim.x + threadIdx.x) * kSize;
    const std::int64_t step = static_cast<std::int64_t>(gridDim.y) * blockDim.x * kSize;
    for (std::int64_t row = blockIdx.x; row < rows; row += gridDim.x) {
        const std::int64_t index = indices[row];
        const bool exists = index >= 0 && index < src_rows;
        for (std::int64_t i = first; i < row_count; i += step) {
            Vector<Dst, kSize> result;
            if (exists) {
                const Vector<Src, kSize> values = load_vector<kSize>(src + index * row_count + i);
#pragma unroll
                for (int j = 0; j < kSize; ++j) result[j] = converted<Src, Dst>(values[j]);
            } else {
#pragma unroll
                for (int j = 0; j < kSize; ++j) result[j] = missing<Dst>();
            }
            store_vector(dst + row * row_count + i, result);
        }
    }
}

constexpr std::int64_t kVectorsPerThread = 4;  // of a row that is gathered
constexpr std::int64_t kMostBlocks = 65535;    // of a grid's second axis

template <class Src, class Dst>
void gather(Context& context, const Tensor& src, const Tensor& indices, const Tensor& dst) {
    constexpr int kSize = kVectorSize<Src>;
    const std::int64_t row_count = src.shape.row_count();
    const auto run = [&]<int kCount>(VectorSize<kCount>) {
        const std::int64_t per_block = kElementThreads * kCount * kVectorsPerThread;
        const std::int64_t blocks = std::min((row_count + per_block - 1) / per_block, kMostBlocks);
        const std::int64_t rows = std::min<std::int64_t>(indices.count(), 1 << 30);
        const unsigned threads = row_count <= 32 * kCount ? 32 : kElementThreads;
        launch(context, gather_rows_kernel<Src, Dst, kCount>,
               {.grid = dim3(static_cast<unsigned>(rows), static_cast<unsigned>(blocks)),
                .block = dim3(threads)},
               data_of<Src>(src), indices.i32(), data_of<Dst>(dst), src.rows(), indices.count(), row_count);
    };
    if (fits_vectors(row_count, kSize, {src.data, dst.data})) {
        run(VectorSize<kSize>{});
    } else {
        run(VectorSize<1>{});
    }
}

}  // namespace

void fill(Context& context, float value, Tensor dst) {
    with_vectors(dst.dtype, 0, {dst.data}, [&]<class T, int kSize>(std::type_identity<T>, VectorSize<kSize>) {
        launch(context, fill_kernel<T, kSize>, elements_shape(context, dst.count() / kSize), value,
               data_of<T>(dst), dst.count());
    });
}

void copy(Context& context, Tensor src, Tensor dst) {
    if (src.data == dst.data) return;
    KICKDRUM_CUDA_CHECK(
        cudaMemcpyAsync(dst.data, src.data, dst.bytes(), cudaMemcpyDeviceToDevice, stream(context)));
}

void add(Context& context, Tensor a, Tensor b, Tensor dst) {
    with_vectors(dst.dtype, 0, {a.data, b.data, dst.data},
                 [&]<class T, int kSize>(std::type_identity<T>, VectorSize<kSize>) {
                     launch(context, add_kernel<T, kSize>, elements_shape(context, dst.count() / kSize),
                            data_of<T>(a), data_of<T>(b), data_of<T>(dst), dst.count());
                 });
}

void scale(Context& context, float factor, Tensor dst) {
    with_vectors(dst.dtype, 0, {dst.data}, [&]<class T, int kSize>(std::type_identity<T>, VectorSize<kSize>) {
        launch(context, scale_kernel<T, kSize>, elements_shape(context, dst.count() / kSize), factor,
               data_of<T>(dst), dst.count());
    });
}

void gather_rows(Context& context, Tensor src, Tensor indices, Tensor dst) {
    switch (src.dtype) {
        case DType::f32:
            return dst.dtype == DType::bf16 ? gather<float, bf16>(context, src, indices, dst)
                                            : gather<float, float>(context, src, indices, dst);
        case DType::bf16: return gather<bf16, bf16>(context, src, indices, dst);
        case DType::i32: return gather<std::int32_t, std::int32_t>(context, src, indices, dst);
        case DType::u8: return gather<std::uint8_t, std::uint8_t>(context, src, indices, dst);
    }
}

}  // namespace kickdrum::cuda
