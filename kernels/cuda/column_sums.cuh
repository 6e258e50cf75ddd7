// SPDX-License-Identifier: MIT
// Sums over the rows of a matrix in two stages: blocks sum parts of the rows into `partials`, then the parts
// are added in their order. What the parts are depends on the shape alone: the same bits each time, and on
// every GPU.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "kernels/cuda/launch.cuh"
#include "kernels/device/tensor.h"

namespace kickdrum::cuda {

constexpr int kColumnThreads = 256;  // threads of a block that uses ColumnWalk
constexpr std::int64_t kMaxParts = 512;

constexpr std::int64_t divide_up(std::int64_t a, std::int64_t b) {
    return (a + b - 1) / b;
}

// `total` things cut into `count` parts of `size` (the last one may be smaller).
struct Parts {
    std::int64_t count = 0;
    std::int64_t size = 0;
};
constexpr Parts cut_into_parts(std::int64_t total, std::int64_t least) {
    const std::int64_t size = std::max(least, divide_up(total, kMaxParts));
    return {divide_up(total, size), size};
}
// At most so many parts, for `total` or less.
constexpr std::int64_t most_parts(std::int64_t total, std::int64_t least) {
    return std::min(divide_up(total, least), kMaxParts);
}

// A thread's place in a block that works on rows of few or many columns: neighbours take neighbouring
// columns, and where one row doesn't fill the block, `lanes` rows are taken at once. blockIdx.y numbers the
// tiles of columns; a column may stand for a vector of V elements.
struct ColumnWalk {
    int column = 0;
    int lane = 0;
    int lanes = 1;
    bool active = false;

    __device__ explicit ColumnWalk(int columns) {
        const int tile = columns < kColumnThreads ? columns : kColumnThreads;
        const int thread = static_cast<int>(threadIdx.x);
        lanes = kColumnThreads / tile;
        lane = thread / tile;
        column = static_cast<int>(blockIdx.y) * tile + thread % tile;
        active = lane < lanes && column < columns;
    }
};
inline LaunchShape column_launch(std::int64_t blocks, std::int64_t columns) {
    return {.grid = dim3(static_cast<unsigned>(blocks),
                         static_cast<unsigned>(divide_up(columns, kColumnThreads))),
            .block = dim3(kColumnThreads)};
}

// partials[blockIdx.x, column * V + v] = sum of the block's lanes' sums[v], in the order of the lanes. All
// threads of the block must come here, those that aren't active with anything; `columns` counts vectors.
template <int V>
__device__ void write_block_sums(const float (&sums)[V], const ColumnWalk& walk, int columns,
                                 float* partials) {
    KICKDRUM_SHARED(float, shared, kColumnThreads* V);
    const int thread = static_cast<int>(threadIdx.x);
#pragma unroll
    for (int v = 0; v < V; ++v) shared[v * kColumnThreads + thread] = sums[v];
    __syncthreads();
    if (!walk.active || walk.lane != 0) return;
    const int tile = columns < kColumnThreads ? columns : kColumnThreads;
    float* to = partials + (static_cast<std::int64_t>(blockIdx.x) * columns + walk.column) * V;
#pragma unroll
    for (int v = 0; v < V; ++v) {
        float total = 0;
        for (int lane = 0; lane < walk.lanes; ++lane) {
            total += shared[v * kColumnThreads + lane * tile + thread];
        }
        to[v] = total;
    }
}

struct SumTarget {
    float* data = nullptr;
    std::int64_t count = 0;
};
// partials: [parts, first.count + second.count]. Each target gets its columns' sums over the parts.
void sum_partials(Context& context, const float* partials, std::int64_t parts, SumTarget first,
                  SumTarget second = {});

// sums[c] = sum_r src[r, c]; src is f32 or bf16, of `columns` in a row. partials: memory of
// column_sums_bytes(rows or more, columns), 16-byte aligned.
std::size_t column_sums_bytes(std::int64_t rows, std::int64_t columns);
void column_sums(Context& context, Tensor src, std::int64_t columns, float* sums, void* partials);

}  // namespace kickdrum::cuda
