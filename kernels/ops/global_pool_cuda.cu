// SPDX-License-Identifier: MIT
#include "kernels/ops/global_pool.h"

#include "kernels/cuda/channel_blocks.cuh"
#include "kernels/cuda/elements.cuh"
#include "kernels/cuda/pool_rules.cuh"

namespace kickdrum::cuda {
namespace {

constexpr int kThreads = 256;
constexpr int kWidest = 32;  // channels of a block

// blockIdx.x: clips.
template <class T>
__global__ void global_average_kernel(ChannelBlocks blocks, const T* __restrict__ src, T* __restrict__ dst,
                                      std::int64_t cells) {
    KICKDRUM_SHARED(double, sums, kThreads);
    const ChannelThread me(blocks);
    const std::int64_t clip = blockIdx.x;
    if (me.works) {
        const T* const from = src + clip * cells * blocks.channels + me.channel;
        double sum = 0;
        for (std::int64_t cell = me.row; cell < cells; cell += blocks.height) {
            sum += static_cast<double>(to_float(from[cell * blocks.channels]));
        }
        sums[threadIdx.x] = sum;
    }
    combine_rows(sums, blocks, me, [](double a, double b) { return a + b; });
    if (me.works && me.row == 0) {
        const double mean = sums[me.column] / static_cast<double>(cells);
        dst[clip * blocks.channels + me.channel] = from_float<T>(static_cast<float>(mean));
    }
}

struct Maximum {
    float value;
    std::int32_t cell;
};

template <class T>
__global__ void global_max_kernel(ChannelBlocks blocks, const T* __restrict__ src, T* __restrict__ dst,
                                  std::int32_t* __restrict__ winner, std::int64_t cells) {
    KICKDRUM_SHARED(Maximum, best, kThreads);
    const ChannelThread me(blocks);
    const std::int64_t clip = blockIdx.x;
    if (me.works) {
        const T* const from = src + clip * cells * blocks.channels + me.channel;
        Maximum mine = {-INFINITY, 0x7fffffff};  // loses against every cell
        for (std::int64_t cell = me.row; cell < cells; cell += blocks.height) {
            const float value = to_float(from[cell * blocks.channels]);
            if (cell == me.row || wins(value, mine.value)) mine = {value, static_cast<std::int32_t>(cell)};
        }
        best[threadIdx.x] = mine;
    }
    combine_rows(best, blocks, me, [](Maximum a, Maximum b) {
        // Of equals the first, and the first NaN.
        const bool equal = !wins(a.value, b.value) && !wins(b.value, a.value);
        const bool second = equal ? b.cell < a.cell : wins(b.value, a.value);
        return second ? b : a;
    });
    if (me.works && me.row == 0) {
        const std::int64_t at = clip * blocks.channels + me.channel;
        dst[at] = from_float<T>(best[me.column].value);
        winner[at] = best[me.column].cell;
    }
}

// winner: null for the average, which gives every cell the same share.
template <class T>
__global__ void global_pool_backward_kernel(ChannelBlocks blocks, const T* __restrict__ diff_dst,
                                            const std::int32_t* __restrict__ winner, T* __restrict__ diff_src,
                                            std::int64_t cells, float share) {
    const ChannelThread me(blocks);
    if (!me.works) return;
    const std::int64_t clip = blockIdx.x;
    const std::int64_t at = clip * blocks.channels + me.channel;
    const float gradient = to_float(diff_dst[at]) * share;
    const std::int64_t who = winner == nullptr ? -1 : winner[at];
    T* const to = diff_src + clip * cells * blocks.channels + me.channel;
    for (std::int64_t cell = me.row; cell < cells; cell += blocks.height) {
        to[cell * blocks.channels] = from_float<T>(who < 0 || who == cell ? gradient : 0);
    }
}

}  // namespace

void global_pool_forward(Context& context, PoolKind kind, Tensor src, Tensor dst, Tensor winner) {
    const std::int64_t cells = src.shape[1] * src.shape[2];
    const ChannelBlocks blocks(src.shape[3], 1, kThreads, kWidest);
    with_activation_type(src.dtype, [&]<class T>(std::type_identity<T>) {
        if (kind == PoolKind::average) {
            launch(context, global_average_kernel<T>, blocks.shape(src.rows()), blocks, data_of<T>(src),
                   data_of<T>(dst), cells);
        } else {
            launch(context, global_max_kernel<T>, blocks.shape(src.rows()), blocks, data_of<T>(src),
                   data_of<T>(dst), winner.i32(), cells);
        }
    });
}

void global_pool_backward(Context& context, PoolKind kind, Tensor diff_dst, Tensor winner, Tensor diff_src) {
    const std::int64_t cells = diff_src.shape[1] * diff_src.shape[2];
    const ChannelBlocks blocks(diff_src.shape[3], 1, kThreads, kWidest);
    const bool average = kind == PoolKind::average;
    with_activation_type(diff_src.dtype, [&]<class T>(std::type_identity<T>) {
        launch(context, global_pool_backward_kernel<T>, blocks.shape(diff_src.rows()), blocks,
               data_of<T>(diff_dst), average ? nullptr : winner.i32(), data_of<T>(diff_src), cells,
               average ? 1 / static_cast<float>(cells) : 1.0F);
    });
}

}  // namespace kickdrum::cuda
