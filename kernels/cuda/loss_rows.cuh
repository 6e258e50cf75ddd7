// SPDX-License-Identifier: MIT
// How losses add up: a warp computes a row, and one block has all rows of a batch, so that the sums need
// nobody else and their order depends on the number of rows alone.
#pragma once

#include <cstdint>

#include "kernels/cuda/reduce.cuh"
#include "kernels/device/step_state.h"

namespace kickdrum::cuda {

struct RowLoss {
    double loss;  // weighted, rounded to float
    int hit;      // 1: the row counts as correct
};

constexpr int kLossThreads = 256;
constexpr int kLossWarps = kLossThreads / kWarpSize;

__device__ inline int lane_number() {
    return static_cast<int>(threadIdx.x) % kWarpSize;
}

// By a block of kLossThreads threads. loss_of_row(row, counts, scale), by a warp, returns RowLoss, of which lane 0's
// counts; rows from state->rows on are padding, `scale` is the gradient's. Adds to the state's loss_sum and correct.
template <class LossOfRow>
__device__ void add_loss_rows(std::int64_t rows, StepState* state, const LossOfRow& loss_of_row) {
    KICKDRUM_SHARED(double, losses, kLossWarps);
    KICKDRUM_SHARED(int, hits, kLossWarps);
    const int warp = static_cast<int>(threadIdx.x) / kWarpSize;
    const std::int64_t counted = state->rows;
    const auto scale = static_cast<double>(state->loss_scale);
    RowLoss sum = {0, 0};
    for (std::int64_t row = warp; row < rows; row += kLossWarps) {
        const RowLoss result = loss_of_row(row, row < counted, scale);
        sum.loss += result.loss;
        sum.hit += result.hit;
    }
    if (lane_number() == 0) {
        losses[warp] = sum.loss;
        hits[warp] = sum.hit;
    }
    __syncthreads();
    if (threadIdx.x != 0) return;
    double loss = 0;
    int hit = 0;
    for (int i = 0; i < kLossWarps; ++i) {
        loss += losses[i];
        hit += hits[i];
    }
    state->loss_sum += loss;
    state->correct += hit;
}

}  // namespace kickdrum::cuda
