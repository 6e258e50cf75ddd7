// SPDX-License-Identifier: MIT
#include "kernels/device/arena.h"

#include <algorithm>
#include <numeric>

namespace kickdrum {

BlockId MemoryPlanner::request(std::size_t bytes, int first, int last) {
    require(first <= last, "a block can't live from step {} to step {}", first, last);
    const std::size_t rounded = (bytes + kArenaAlignment - 1) / kArenaAlignment * kArenaAlignment;
    requests_.push_back({rounded, first, last});
    return {static_cast<int>(requests_.size()) - 1};
}

void MemoryPlanner::extend(BlockId block, int last) {
    auto& request = requests_.at(static_cast<std::size_t>(block.index));
    request.last = std::max(request.last, last);
}

MemoryPlanner::Plan MemoryPlanner::solve() const {
    Plan plan;
    plan.offsets.resize(requests_.size());
    std::vector<std::size_t> order(requests_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return requests_[a].bytes > requests_[b].bytes; });

    std::vector<std::size_t> placed;  // by ascending offset
    for (const std::size_t id : order) {
        const Request& request = requests_[id];
        std::size_t best_offset = 0;
        std::size_t best_gap = 0;
        bool found = false;
        std::size_t end = 0;  // of the living blocks seen so far
        for (const std::size_t other : placed) {
            const Request& there = requests_[other];
            if (there.last < request.first || request.last < there.first) continue;
            const std::size_t offset = plan.offsets[other];
            if (offset > end && offset - end >= request.bytes && (!found || offset - end < best_gap)) {
                best_offset = end;
                best_gap = offset - end;
                found = true;
            }
            end = std::max(end, offset + there.bytes);
        }
        plan.offsets[id] = found ? best_offset : end;
        plan.total_bytes = std::max(plan.total_bytes, plan.offsets[id] + request.bytes);
        const auto at = std::upper_bound(placed.begin(), placed.end(), id, [&](std::size_t a, std::size_t b) {
            return plan.offsets[a] < plan.offsets[b];
        });
        placed.insert(at, id);
    }
    for (const auto& request : requests_) plan.sizes.push_back(request.bytes);
    return plan;
}

Tensor Arena::tensor(BlockId block, const Shape& shape, DType dtype) const {
    if (!block.valid()) return {};
    return buffer_.tensor(shape, dtype, plan_.offsets.at(static_cast<std::size_t>(block.index)));
}

Tensor Arena::scratch(BlockId block) const {
    if (!block.valid()) return {};
    const auto size = static_cast<std::int64_t>(plan_.sizes.at(static_cast<std::size_t>(block.index)));
    return tensor(block, {size}, DType::u8);
}

}  // namespace kickdrum
