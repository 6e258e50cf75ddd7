// SPDX-License-Identifier: MIT
// Barriers, shuffles and votes, and the functions that kernels call.
#include <fmt/format.h>

#include <bit>
#include <cstring>

#include "tests/support/cuda_emulation/simt/block.h"

namespace kickdrum::emulation {
namespace {

Multiprocessor& multiprocessor() {
    static thread_local const std::unique_ptr<Multiprocessor> instance = std::make_unique<Multiprocessor>();
    return *instance;
}

bool same_place(std::source_location a, std::source_location b) {
    return a.line() == b.line() && a.column() == b.column() &&
           (a.file_name() == b.file_name() || std::strcmp(a.file_name(), b.file_name()) == 0);
}

thread_local bool inside_grid = false;

unsigned lane_bit(int lane) {
    return 1U << static_cast<unsigned>(lane);
}

}  // namespace

void Multiprocessor::fail(const std::string& what, std::source_location place) const {
    const uint3 block = running.block;
    const uint3 thread = numbers_[static_cast<std::size_t>(current_)];
    throw KernelError(fmt::format("{} ({}:{}, block ({}, {}, {}), thread ({}, {}, {}))", what,
                                  place.file_name(), place.line(), block.x, block.y, block.z, thread.x,
                                  thread.y, thread.z));
}

int Multiprocessor::barrier(bool vote, std::source_location place) {
    if (barrier_count_ == 0) {
        barrier_place_ = place;
    } else if (!same_place(place, barrier_place_)) {
        fail(fmt::format("__syncthreads() while other threads of the block wait at another one ({}:{})",
                         barrier_place_.file_name(), barrier_place_.line()),
             place);
    }
    votes_ += vote ? 1 : 0;
    // Two objects in turn: a later barrier must not hide a race before an earlier one.
    char& order = barrier_order_[barrier_epoch_ % 2];
    give_order(&order);
    if (++barrier_count_ == size_) {
        release_barrier();
        suspend(State::ready);
    } else {
        suspend(State::at_barrier);
    }
    take_order(&order);
    return last_votes_;
}

void Multiprocessor::release_barrier() {
    last_votes_ = votes_;
    votes_ = barrier_count_ = 0;
    ++barrier_epoch_;
    for (int i = 0; i < size_; ++i) make_ready(i);
}

// Lanes that wait already must not contradict: the same lanes, the same operation, or other lanes altogether.
void Multiprocessor::check_collective(const Warp& warp, int first, WarpOperation operation, unsigned mask,
                                      std::source_location place) const {
    for (int lane = 0; lane < kWarpLanes; ++lane) {
        if ((warp.waiting & lane_bit(lane)) == 0) continue;
        const Thread& other = threads_[static_cast<std::size_t>(first + lane)];
        if ((other.mask & mask) == 0) continue;
        if (other.mask == mask && other.operation == operation) continue;
        fail(fmt::format("a warp operation with the mask {:08x} while lane {} waits in another one with the "
                         "mask {:08x} "
                         "({}:{})",
                         mask, lane, other.mask, other.place.file_name(), other.place.line()),
             place);
    }
}

std::uint64_t Multiprocessor::collective(WarpOperation operation, unsigned mask, std::uint64_t value,
                                         int source, std::source_location place) {
    const int number = current_ / kWarpLanes;
    Warp& warp = warps_[static_cast<std::size_t>(number)];
    Thread& me = threads_[static_cast<std::size_t>(current_)];
    if ((mask & lane_bit(lane())) == 0)
        fail(fmt::format("a warp operation with the mask {:08x}, which lacks the calling lane", mask), place);
    if (warp.waiting != 0 && (warp.mask != mask || warp.operation != operation)) {
        check_collective(warp, number * kWarpLanes, operation, mask, place);
    }
    warp.mask = mask;
    warp.operation = operation;
    warp.waiting |= lane_bit(lane());
    me.operation = operation;
    me.mask = mask;
    me.source = source;
    me.value = value;
    me.place = place;
    char& order = warp.order[warp.epoch % 2];
    give_order(&order);
    if ((mask & warp.running & ~warp.waiting) == 0) {
        finish_collective(number, mask & warp.waiting);
        suspend(State::ready);
    } else {
        suspend(State::in_warp);
    }
    take_order(&order);
    if (me.outside) fail(fmt::format("a shuffle that reads lane {}, which doesn't take part", source), place);
    return me.value;
}

// After a lane has returned from the kernel, the others don't have to wait for it.
void Multiprocessor::finish_collectives(int warp) {
    Warp& state = warps_[static_cast<std::size_t>(warp)];
    for (int lane = 0; lane < kWarpLanes; ++lane) {
        if ((state.waiting & lane_bit(lane)) == 0) continue;
        const unsigned mask = threads_[static_cast<std::size_t>(warp * kWarpLanes + lane)].mask;
        if ((mask & state.running & ~state.waiting) == 0) finish_collective(warp, mask & state.waiting);
    }
}

void Multiprocessor::finish_collective(int warp, unsigned group) {
    const auto first = static_cast<std::size_t>(warp * kWarpLanes);
    std::array<std::uint64_t, kWarpLanes> given{};
    std::uint64_t ballot = 0;
    for (unsigned lanes = group; lanes != 0; lanes &= lanes - 1) {
        const auto lane = static_cast<std::size_t>(std::countr_zero(lanes));
        given[lane] = threads_[first + lane].value;
        if (given[lane] != 0) ballot |= std::uint64_t{1} << lane;
    }
    for (unsigned lanes = group; lanes != 0; lanes &= lanes - 1) {
        const int lane = std::countr_zero(lanes);
        Thread& thread = threads_[first + static_cast<std::size_t>(lane)];
        thread.outside = false;
        if (thread.operation == WarpOperation::ballot) {
            thread.value = ballot;
        } else if (thread.operation == WarpOperation::shuffle) {
            thread.outside = (group & lane_bit(thread.source)) == 0;
            thread.value = given[static_cast<std::size_t>(thread.source)];
        }
        make_ready(static_cast<int>(first) + lane);
    }
    Warp& state = warps_[static_cast<std::size_t>(warp)];
    state.waiting &= ~group;
    ++state.epoch;
}

void run_grid(const GridShape& shape, std::uint64_t seed, const std::function<void()>& thread) {
    struct Inside {
        Inside() { inside_grid = true; }
        ~Inside() { inside_grid = false; }
    } inside;
    multiprocessor().run(shape, seed, thread);
}

bool in_grid() {
    return inside_grid;
}

void block_barrier(std::source_location place) {
    const Unwatched unwatched;
    multiprocessor().barrier(false, place);
}

int block_barrier_count(bool vote, std::source_location place) {
    const Unwatched unwatched;
    return multiprocessor().barrier(vote, place);
}

std::uint64_t warp_collective(WarpOperation operation, unsigned mask, std::uint64_t value, int source,
                              std::source_location place) {
    const Unwatched unwatched;
    return multiprocessor().collective(operation, mask, value, source, place);
}

int lane_index() {
    return multiprocessor().lane();
}

void* static_shared(const void* key, const char* name, std::size_t bytes) {
    const Unwatched unwatched;
    return multiprocessor().shared().array(key, name, bytes);
}

void* dynamic_shared() {
    return multiprocessor().shared().dynamic();
}

}  // namespace kickdrum::emulation
