// SPDX-License-Identifier: MIT
// How the last of several blocks is found, to add up what all of them have written: a second stage of a sum
// without a second launch. Which block is last is chance; what it adds, and in which order, is not.
//
// Tickets are numbers in the device's memory that begin as 0 and are 0 again when the kernel ends: a Buffer
// of their own, made with the plan.
#pragma once

#include <cuda_runtime.h>

#include "kernels/cuda/launch.cuh"

namespace kickdrum::cuda {

// For all threads of the block whether it is the last of `count` blocks that come here. What the others wrote
// before can then be read, by __ldcg: a multiprocessor's own cache may hold what was there earlier.
__device__ inline bool is_last_block(unsigned* ticket, unsigned count) {
    KICKDRUM_SHARED(unsigned, arrived, 1);
    __threadfence();
    __syncthreads();  // all of the block's threads have written
    if (threadIdx.x == 0) {
        arrived[0] = atomicAdd(ticket, 1U) + 1;
        if (arrived[0] == count) *ticket = 0;
    }
    __syncthreads();
    const bool last = arrived[0] == count;
    if (last) __threadfence();
    return last;
}

}  // namespace kickdrum::cuda
