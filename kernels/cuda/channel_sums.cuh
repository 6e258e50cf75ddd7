// SPDX-License-Identifier: MIT
// Two sums for each channel of [rows, channels], in double precision, in two stages: a block for each piece
// of the rows, then a warp for each channel. Pieces are those of batch_norm_rows_per_piece(), whatever the
// step's state says: rows that don't count add zeros, so that one captured graph serves every batch.
#pragma once

#include "kernels/cuda/channel_blocks.cuh"
#include "kernels/cuda/elements.cuh"
#include "kernels/cuda/reduce.cuh"
#include "kernels/device/step_state.h"
#include "kernels/ops/batch_norm.h"

namespace kickdrum::cuda {

constexpr int kSumThreads = 256;

// [rows, channels] of a tensor, cut into pieces. Its clips are those of the batch from first_clip on.
struct ClipRows {
    std::int64_t rows;
    std::int64_t rows_per_clip;
    std::int64_t channels;
    std::int64_t rows_per_piece;
    std::int64_t pieces;
    std::int64_t first_clip;

    explicit ClipRows(const Tensor& src, std::int64_t first_clip_of_batch = 0)
        : rows(0),
          rows_per_clip(0),
          channels(src.shape[src.shape.rank() - 1]),
          rows_per_piece(batch_norm_rows_per_piece(channels)),
          pieces(0),
          first_clip(first_clip_of_batch) {
        rows = src.count() / channels;
        rows_per_clip = rows / src.rows();
        pieces = (rows + rows_per_piece - 1) / rows_per_piece;
    }
    // Those that count; those after them are padding.
    __device__ std::int64_t counted(const StepState* state) const {
        if (state == nullptr) return rows;
        return min(max(state->rows - first_clip, std::int64_t{0}) * rows_per_clip, rows);
    }
};

// The rows of the block's piece from the thread's first one on, in steps of blocks.height.
struct PieceRows {
    std::int64_t first;
    std::int64_t end;

    __device__ PieceRows(const ClipRows& plan, const ChannelThread& me)
        : first(static_cast<std::int64_t>(blockIdx.x) * plan.rows_per_piece + me.row),
          end(min(first - me.row + plan.rows_per_piece, plan.rows)) {}
};

// Calls body(first element) for those of the thread's rows that count. kSize: elements of a row that a thread
// takes; sixteen of them are on their way at once.
template <int kSize, class Body>
__device__ void for_each_row(const ClipRows& plan, const ChannelBlocks& blocks, const ChannelThread& me,
                             std::int64_t counted, const Body& body) {
    if (!me.works) return;
    const PieceRows rows(plan, me);
    const std::int64_t end = min(rows.end, counted);
#pragma unroll(kSize > 4 ? 2 : 4)
    for (std::int64_t row = rows.first; row < end; row += blocks.height) {
        body(row * plan.channels + me.channel);
    }
}

// Writes zeros into those of the thread's rows that don't count.
template <int kSize, class T>
__device__ void clear_padding(const ClipRows& plan, const ChannelBlocks& blocks, const ChannelThread& me,
                              std::int64_t counted, T* dst) {
    const PieceRows rows(plan, me);
    if (!me.works || rows.end <= counted) return;
    for (std::int64_t row = rows.first; row < rows.end; row += blocks.height) {
        if (row >= counted) store_vector(dst + row * plan.channels + me.channel, Vector<T, kSize>{});
    }
}

// The two sums of a group of channels, added up over the block and written down for its piece.
template <int kSize>
__device__ void write_sums(const double (&first)[kSize], const double (&second)[kSize], const ClipRows& plan,
                           const ChannelBlocks& blocks, const ChannelThread& me, double* sums) {
    KICKDRUM_SHARED(double2, shared, kSumThreads);
    double* const of_piece = sums + static_cast<std::int64_t>(blockIdx.x) * 2 * plan.channels;
#pragma unroll
    for (int j = 0; j < kSize; ++j) {
        shared[threadIdx.x] = make_double2(first[j], second[j]);
        combine_rows(shared, blocks, me,
                     [](double2 a, double2 b) { return make_double2(a.x + b.x, a.y + b.y); });
        if (me.works && me.row == 0) {
            of_piece[me.channel + j] = shared[me.column].x;
            of_piece[plan.channels + me.channel + j] = shared[me.column].y;
        }
    }
}

struct ChannelSums {
    double first;
    double second;
};

// By a warp: its lanes take the pieces in turn.
__device__ inline ChannelSums add_up(const ClipRows& plan, const double* sums, std::int64_t channel) {
    ChannelSums total = {0, 0};
#pragma unroll 4
    for (std::int64_t piece = threadIdx.x % kWarpSize; piece < plan.pieces; piece += kWarpSize) {
        const double* const of_piece = sums + piece * 2 * plan.channels + channel;
        total.first += of_piece[0];
        total.second += of_piece[plan.channels];
    }
    return {warp_reduce(total.first), warp_reduce(total.second)};
}

// Calls body(channel, its sums) on one lane of the channel's warp.
template <class Body>
__device__ void for_each_channel(const ClipRows& plan, const double* sums, const Body& body) {
    const std::int64_t warps = thread_count() / kWarpSize;
    for (std::int64_t k = thread_number() / kWarpSize; k < plan.channels; k += warps) {
        const ChannelSums total = add_up(plan, sums, k);
        if (threadIdx.x % kWarpSize == 0) body(k, total);
    }
}

}  // namespace kickdrum::cuda
