// SPDX-License-Identifier: MIT
// How a block walks over [rows, channels] in memory order: its threads lie side by side over the channels,
// then over the rows. A thread keeps its channels, so that what belongs to them stays in its registers.
#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/cuda/launch.cuh"

namespace kickdrum::cuda {

// Channels are taken `size` at a time: a group.
struct ChannelBlocks {
    int threads;         // of a block
    int width;           // threads side by side, one for each group of a tile
    int height;          // rows at once
    std::int64_t tiles;  // of groups; the grid's second axis
    std::int64_t channels;
    int size;

    ChannelBlocks(std::int64_t channels_, int size_, int threads_, int widest)
        : threads(threads_),
          width(static_cast<int>(std::min<std::int64_t>(channels_ / size_, widest))),
          height(threads / width),
          tiles((channels_ / size_ + width - 1) / width),
          channels(channels_),
          size(size_) {}
    LaunchShape shape(std::int64_t blocks) const {
        return {.grid = dim3(static_cast<unsigned>(blocks), static_cast<unsigned>(tiles)),
                .block = dim3(static_cast<unsigned>(threads))};
    }
};

// Where a thread stands.
struct ChannelThread {
    int column;            // of the tile
    int row;               // the first of its rows within the block
    std::int64_t channel;  // the first of its group
    bool works;            // the rest of the block only waits at barriers

    __device__ explicit ChannelThread(const ChannelBlocks& blocks)
        : column(static_cast<int>(threadIdx.x) % blocks.width),
          row(static_cast<int>(threadIdx.x) / blocks.width),
          channel((static_cast<std::int64_t>(blockIdx.y) * blocks.width + column) * blocks.size),
          works(row < blocks.height && channel < blocks.channels) {}
};

// Combines the values that the threads of a column hold in `shared` (at their thread numbers, from the first
// row on): combine(mine, other) for pairs of rows, in an order that depends on the shape only. The first
// row's thread then holds its column's result. All threads of the block must come here, with `shared`
// written.
template <class T, class Combine>
__device__ void combine_rows(T* shared, const ChannelBlocks& blocks, const ChannelThread& me,
                             const Combine& combine) {
    __syncthreads();
    for (int rows = blocks.height; rows > 1;) {
        const int half = (rows + 1) / 2;
        if (me.works && me.row + half < rows) {
            const int mine = me.row * blocks.width + me.column;
            shared[mine] = combine(shared[mine], shared[mine + half * blocks.width]);
        }
        __syncthreads();
        rows = half;
    }
}

}  // namespace kickdrum::cuda
