// SPDX-License-Identifier: MIT
// Runs a CUDA kernel's grid on the host: block after block in an order drawn by the seed, each CUDA thread on
// a stack of its own once it has to wait, the next thread to run drawn by the seed too. Mistakes that a GPU
// would answer with a hang, with garbage or with nothing at all are thrown as KernelError:
//   - a barrier that some threads of the block don't reach, or that they reach in different places,
//   - a shuffle or vote whose lanes don't agree, or that reads a lane that doesn't take part,
//   - more shared memory than a block may have, and writes past the end of a shared array (with the address
//     sanitizer: any access past the end).
// Shared memory starts as bytes 0xff: NaN, or -1.
#pragma once

#include <vector_types.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <source_location>
#include <stdexcept>
#include <string>

#include "tests/support/cuda_emulation/simt/sanitizer.h"

namespace kickdrum::emulation {

class KernelError : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

constexpr std::size_t kStaticSharedLimit = std::size_t{48} << 10U;
constexpr std::size_t kSharedLimit = std::size_t{227} << 10U;  // static and dynamic, as on an H100
constexpr int kMaxBlockThreads = 1024;
constexpr int kPoison = 0xff;

struct GridShape {
    dim3 grid;
    dim3 block;
    std::size_t dynamic_shared_bytes = 0;
};

// Calls `thread` once for each CUDA thread. Throws KernelError.
void run_grid(const GridShape& shape, std::uint64_t seed, const std::function<void()>& thread);

// Whether the calling host thread is inside run_grid().
bool in_grid();

// --- for the kernel's side, while run_grid() is at work ---

// The running thread's own numbers.
struct Running {
    uint3 thread{};
    uint3 block{};
    dim3 block_size;
    dim3 grid_size;
};
#if KICKDRUM_EMULATION_TSAN
extern thread_local Running running;
KICKDRUM_EMULATION_UNWATCHED inline uint3 thread_index() {
    return running.thread;
}
KICKDRUM_EMULATION_UNWATCHED inline uint3 block_index() {
    return running.block;
}
KICKDRUM_EMULATION_UNWATCHED inline dim3 block_size() {
    return running.block_size;
}
KICKDRUM_EMULATION_UNWATCHED inline dim3 grid_size() {
    return running.grid_size;
}
#else
extern constinit thread_local Running running;
inline const uint3& thread_index() {
    return running.thread;
}
inline const uint3& block_index() {
    return running.block;
}
inline const dim3& block_size() {
    return running.block_size;
}
inline const dim3& grid_size() {
    return running.grid_size;
}
#endif

// __syncthreads() in this place of the source.
void block_barrier(std::source_location place);
// The same with a vote: how many threads gave true.
int block_barrier_count(bool vote, std::source_location place);

enum class WarpOperation : std::uint8_t { synchronise, shuffle, ballot };
// Waits for the lanes of `mask`. shuffle: the value that lane `source` gave; ballot: a bit for each lane
// whose value isn't 0.
std::uint64_t warp_collective(WarpOperation operation, unsigned mask, std::uint64_t value, int source,
                              std::source_location place);
int lane_index();

// The block's array that belongs to `key`, made when first asked for.
void* static_shared(const void* key, const char* name, std::size_t bytes);
void* dynamic_shared();

}  // namespace kickdrum::emulation
