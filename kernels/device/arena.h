// SPDX-License-Identifier: MIT
// Memory of a network, planned once. Layers ask for blocks with a lifetime in steps (layer i runs forward at step i
// and backward at step 2L - i); blocks whose lifetimes don't meet share addresses; the Arena is one Buffer.
#pragma once

#include <cstddef>
#include <vector>

#include "kernels/device/buffer.h"

namespace kickdrum {

constexpr std::size_t kArenaAlignment = 256;

// A block of the plan: its number, not its address.
struct BlockId {
    int index = -1;
    bool valid() const { return index >= 0; }
};

class MemoryPlanner {
 public:
    // A block of `bytes` that lives from step `first` to step `last`, both included.
    BlockId request(std::size_t bytes, int first, int last);
    // Lets a block live until `last` as well.
    void extend(BlockId block, int last);

    struct Plan {
        std::vector<std::size_t> offsets;  // by block number
        std::vector<std::size_t> sizes;    // rounded up to kArenaAlignment
        std::size_t total_bytes = 0;
    };
    // Greedy best fit, largest block first: no two living blocks overlap, offsets are multiples of kArenaAlignment.
    Plan solve() const;

 private:
    struct Request {
        std::size_t bytes;
        int first;
        int last;
    };
    std::vector<Request> requests_;
};

class Arena {
 public:
    Arena() = default;
    Arena(Context& context, MemoryPlanner::Plan plan)
        : plan_(std::move(plan)), buffer_(context, plan_.total_bytes) {}

    // "No tensor" of a block that nobody asked for.
    Tensor tensor(BlockId block, const Shape& shape, DType dtype = DType::f32) const;
    // The whole block as bytes: what ops take as scratch.
    Tensor scratch(BlockId block) const;
    std::size_t bytes() const { return plan_.total_bytes; }

 private:
    MemoryPlanner::Plan plan_;
    Buffer buffer_;
};

}  // namespace kickdrum
