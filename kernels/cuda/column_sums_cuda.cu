// SPDX-License-Identifier: MIT
#include "kernels/cuda/column_sums.cuh"
#include "kernels/cuda/elements.cuh"

namespace kickdrum::cuda {
namespace {

constexpr std::int64_t kLeastRows = 64;  // of a part: fewer aren't worth a block
constexpr int kWidth = 32;               // columns of a block that adds parts
constexpr int kLanes = 8;

template <class T, int V>
__global__ void __launch_bounds__(kColumnThreads)
    column_sums_kernel(const T* src, std::int64_t rows, int columns, std::int64_t rows_of_part,
                       float* partials) {
    const ColumnWalk walk(columns);
    float sums[V] = {};
    const std::int64_t begin = blockIdx.x * rows_of_part;
    const std::int64_t end = begin + rows_of_part < rows ? begin + rows_of_part : rows;
    if (walk.active) {
        for (std::int64_t row = begin + walk.lane; row < end; row += walk.lanes) {
            const auto x = load_vector<V>(src + (row * columns + walk.column) * V);
#pragma unroll
            for (int v = 0; v < V; ++v) sums[v] += to_float(x[v]);
        }
    }
    write_block_sums(sums, walk, columns, partials);
}

__global__ void __launch_bounds__(kWidth* kLanes)
    sum_partials_kernel(const float* partials, std::int64_t parts, SumTarget first, SumTarget second) {
    KICKDRUM_SHARED(float, shared, kWidth* kLanes);
    const int thread = static_cast<int>(threadIdx.x);
    const int lane = thread / kWidth;
    const std::int64_t columns = first.count + second.count;
    const std::int64_t column = std::int64_t{blockIdx.x} * kWidth + thread % kWidth;
    float sum = 0;
    if (column < columns) {
        for (std::int64_t part = lane; part < parts; part += kLanes) sum += partials[part * columns + column];
    }
    shared[thread] = sum;
    __syncthreads();
    if (lane != 0 || column >= columns) return;
    for (int other = 1; other < kLanes; ++other) sum += shared[other * kWidth + thread];
    float* to = column < first.count ? first.data + column : second.data + (column - first.count);
    *to = sum;
}

}  // namespace

void sum_partials(Context& context, const float* partials, std::int64_t parts, SumTarget first,
                  SumTarget second) {
    const auto blocks = static_cast<unsigned>(divide_up(first.count + second.count, kWidth));
    launch(context, sum_partials_kernel, {.grid = dim3(blocks), .block = dim3(kWidth * kLanes)}, partials,
           parts, first, second);
}

std::size_t column_sums_bytes(std::int64_t rows, std::int64_t columns) {
    return static_cast<std::size_t>(most_parts(rows, kLeastRows) * columns) * sizeof(float);
}

void column_sums(Context& context, Tensor src, std::int64_t columns, float* sums, void* partials) {
    const std::int64_t rows = src.count() / columns;
    const Parts parts = cut_into_parts(rows, kLeastRows);
    auto* const to = static_cast<float*>(partials);
    with_vectors(src.dtype, columns, {src.data},
                 [&]<class T, int kSize>(std::type_identity<T>, VectorSize<kSize>) {
                     const auto vectors = static_cast<int>(columns / kSize);
                     launch(context, column_sums_kernel<T, kSize>, column_launch(parts.count, vectors),
                            data_of<const T>(src), rows, vectors, parts.size, to);
                 });
    sum_partials(context, to, parts.count, {sums, columns});
}

}  // namespace kickdrum::cuda
