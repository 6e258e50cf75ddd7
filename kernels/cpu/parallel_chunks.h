// SPDX-License-Identifier: MIT
// Loops over the worker threads in pieces whose size is fixed, so that what a piece computes doesn't
// depend on the number of threads.
#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/device/context.h"

namespace kickdrum {

// 64 KiB of floats: several arrays of it fit the L2 cache, and handing it out costs next to nothing. A
// multiple of every vector and of Philox' four words.
constexpr std::int64_t kChunkElements = 16384;

// Calls task(begin, count) for every piece of [0, count).
template <class Task>
void parallel_chunks(Context& context, std::int64_t count, Task&& task) {
    const std::int64_t chunks = (count + kChunkElements - 1) / kChunkElements;
    context.pool().parallel_for(chunks, [&](std::int64_t index, int) {
        const std::int64_t begin = index * kChunkElements;
        task(begin, std::min(kChunkElements, count - begin));
    });
}

// Calls task(row) for every row of [0, rows): for rows that are short.
template <class Task>
void parallel_rows(Context& context, std::int64_t rows, const Task& task) {
    constexpr std::int64_t kRowsPerTask = 16;
    context.pool().parallel_for((rows + kRowsPerTask - 1) / kRowsPerTask, [&](std::int64_t block, int) {
        const std::int64_t end = std::min(rows, (block + 1) * kRowsPerTask);
        for (std::int64_t row = block * kRowsPerTask; row < end; ++row) task(row);
    });
}

}  // namespace kickdrum
