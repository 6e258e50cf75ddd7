// SPDX-License-Identifier: MIT
// Running a block: its threads' fibers, and who is next. What threads do to each other is in
// block_collectives.cpp.
#include "tests/support/cuda_emulation/simt/block.h"

#include <fmt/format.h>

#include <numeric>

namespace kickdrum::emulation {

#if KICKDRUM_EMULATION_TSAN
thread_local Running running;
// Each CUDA thread is a thread of its own for the sanitizer, so none may borrow another's fiber.
constexpr bool kFiberPerThread = true;
#else
constinit thread_local Running running;
constexpr bool kFiberPerThread = false;
#endif

namespace {

thread_local Multiprocessor* working = nullptr;

// Thrown in the threads that are left when a block has failed, to clear their stacks.
struct Abandoned {};

}  // namespace

Multiprocessor::Multiprocessor() = default;

void Multiprocessor::run(const GridShape& shape, std::uint64_t seed, const std::function<void()>& kernel) {
    working = this;
    shape_ = shape;
    kernel_ = &kernel;
    random_ = Random(seed);
    running.block_size = shape.block;
    running.grid_size = shape.grid;
    number_threads();
    shared_.begin_launch(shape.dynamic_shared_bytes);
    // Every block once, in an order that no kernel may rely on: steps of a length that has no common divisor
    // with their number.
    const std::uint64_t count = std::uint64_t{shape.grid.x} * shape.grid.y * shape.grid.z;
    std::uint64_t block = random_.below(count);
    std::uint64_t stride = 1 + random_.below(count);
    while (std::gcd(stride, count) != 1) ++stride;
    for (std::uint64_t i = 0; i < count; ++i, block = (block + stride) % count) {
        running.block = {static_cast<unsigned>(block % shape.grid.x),
                         static_cast<unsigned>(block / shape.grid.x % shape.grid.y),
                         static_cast<unsigned>(block / shape.grid.x / shape.grid.y)};
        run_block();
    }
    shared_.clear();
}

void Multiprocessor::number_threads() {
    const dim3 block = shape_.block;
    size_ = static_cast<int>(block.x * block.y * block.z);
    for (unsigned i = 0; i < static_cast<unsigned>(size_); ++i) {
        numbers_[i] = {i % block.x, i / block.x % block.y, i / block.x / block.y};
    }
}

void Multiprocessor::begin_block() {
    const std::uint64_t draw = random_.below(8);
    policy_ = draw == 0 ? Policy::deep : draw == 1 ? Policy::broad : Policy::random;
    const bool descending = random_.below(2) == 0;
    for (int i = 0; i < size_; ++i) {
        const auto slot = static_cast<std::size_t>(i);
        threads_[slot].state = State::fresh;
        fresh_[slot] = static_cast<std::uint16_t>(descending ? i : size_ - 1 - i);
    }
    for (int warp = 0; warp * kWarpLanes < size_; ++warp) {
        const int lanes = std::min(kWarpLanes, size_ - warp * kWarpLanes);
        Warp& state = warps_[static_cast<std::size_t>(warp)];
        state.waiting = 0;
        state.running = lanes == kWarpLanes ? ~0U : (1U << static_cast<unsigned>(lanes)) - 1U;
    }
    fresh_count_ = size_;
    ready_first_ = ready_count_ = done_count_ = barrier_count_ = votes_ = 0;
    aborting_ = false;
    error_ = nullptr;
    shared_.begin_block();
}

void Multiprocessor::run_block() {
    begin_block();
    give_order(&begin_order_);
    go_to_thread(main_, next());
    if (!error_ && done_count_ < size_) {
        error_ = std::make_exception_ptr(KernelError(describe_deadlock()));
    }
    if (error_) abandon_block();
    take_order(&end_order_);
    if (error_) std::rethrow_exception(error_);
    shared_.end_block();
}

void Multiprocessor::abandon_block() {
    aborting_ = true;
    fresh_count_ = ready_count_ = 0;
    for (int i = 0; i < size_; ++i) {
        const Thread& thread = threads_[static_cast<std::size_t>(i)];
        if (thread.state != State::fresh && thread.state != State::done) go(main_, *thread.fiber);
    }
}

std::string Multiprocessor::describe_deadlock() const {
    int in_warp = 0;
    std::source_location place;
    for (int i = 0; i < size_; ++i) {
        const Thread& thread = threads_[static_cast<std::size_t>(i)];
        if (thread.state != State::in_warp) continue;
        if (in_warp++ == 0) place = thread.place;
    }
    const std::string counts =
        fmt::format("of {} threads {} have returned, {} wait at a barrier, {} in a warp operation", size_,
                    done_count_, barrier_count_, in_warp);
    if (in_warp > 0) {
        return fmt::format("a warp operation that not all lanes of its mask reach ({}:{}): {}",
                           place.file_name(), place.line(), counts);
    }
    return fmt::format("__syncthreads() that not all threads of the block reach ({}:{}): {}",
                       barrier_place_.file_name(), barrier_place_.line(), counts);
}

void Multiprocessor::work() {
    working->run_threads();
}

void Multiprocessor::run_threads() {
    Fiber& self = *running_fiber_;
    for (;;) {
        int index = starting_;
        while (index >= 0) {
            run_thread(index);
            index = error_ ? -1 : next();
            if (index >= 0 &&
                (kFiberPerThread || threads_[static_cast<std::size_t>(index)].state != State::fresh))
                break;
        }
        if (!kFiberPerThread) idle_[static_cast<std::size_t>(idle_count_++)] = &self;
        if (index < 0) {
            go(self, main_);
        } else {
            go_to_thread(self, index);
        }
    }
}

void Multiprocessor::run_thread(int index) {
    current_ = index;
    running.thread = numbers_[static_cast<std::size_t>(index)];
    take_order(&begin_order_);
    try {
        (*kernel_)();
    } catch (const Abandoned&) {
        // the block has failed already
    } catch (...) {
        if (!error_) error_ = std::current_exception();
    }
    give_order(&end_order_);
    threads_[static_cast<std::size_t>(index)].state = State::done;
    ++done_count_;
    const int warp = index / kWarpLanes;
    Warp& state = warps_[static_cast<std::size_t>(warp)];
    state.running &= ~(1U << static_cast<unsigned>(index % kWarpLanes));
    if (state.waiting != 0 && !aborting_) finish_collectives(warp);
}

void Multiprocessor::suspend(State state) {
    const int self = current_;
    Thread& thread = threads_[static_cast<std::size_t>(self)];
    Fiber& fiber = *running_fiber_;
    thread.state = state;
    thread.fiber = &fiber;
    const int index = next();
    if (index < 0) {
        go(fiber, main_);
    } else if (index != self) {
        go_to_thread(fiber, index);
    }
    current_ = self;
    running.thread = numbers_[static_cast<std::size_t>(self)];
    if (aborting_) throw Abandoned();
}

int Multiprocessor::next() {
    const int count = fresh_count_ + ready_count_;
    if (count == 0) return -1;
    switch (policy_) {
        case Policy::random: {
            const int draw = static_cast<int>(random_.below(static_cast<std::uint64_t>(count)));
            return draw < fresh_count_ ? take_fresh(draw) : take_ready(draw - fresh_count_);
        }
        case Policy::deep:
            return ready_count_ > 0 ? take_ready(ready_count_ - 1) : take_fresh(fresh_count_ - 1);
        default: return fresh_count_ > 0 ? take_fresh(fresh_count_ - 1) : take_ready(0);
    }
}

int Multiprocessor::take_fresh(int position) {
    const int index = fresh_[static_cast<std::size_t>(position)];
    fresh_[static_cast<std::size_t>(position)] = fresh_[static_cast<std::size_t>(--fresh_count_)];
    return index;
}

int Multiprocessor::take_ready(int position) {
    const auto slot = [this](int i) {
        return static_cast<std::size_t>((ready_first_ + i) % kMaxBlockThreads);
    };
    const int index = ready_[slot(position)];
    --ready_count_;
    if (position == 0) {
        ready_first_ = (ready_first_ + 1) % kMaxBlockThreads;
    } else {
        ready_[slot(position)] = ready_[slot(ready_count_)];
    }
    return index;
}

void Multiprocessor::make_ready(int index) {
    threads_[static_cast<std::size_t>(index)].state = State::ready;
    ready_[static_cast<std::size_t>((ready_first_ + ready_count_++) % kMaxBlockThreads)] =
        static_cast<std::uint16_t>(index);
}

Fiber& Multiprocessor::idle_fiber(int index) {
    if (kFiberPerThread) {
        std::unique_ptr<Fiber>& fiber = fibers_[static_cast<std::size_t>(index)];
        if (!fiber) fiber = std::make_unique<Fiber>(&Multiprocessor::work);
        return *fiber;
    }
    if (idle_count_ > 0) return *idle_[static_cast<std::size_t>(--idle_count_)];
    std::unique_ptr<Fiber>& fiber = fibers_[static_cast<std::size_t>(fiber_count_++)];
    fiber = std::make_unique<Fiber>(&Multiprocessor::work);
    return *fiber;
}

void Multiprocessor::go(Fiber& from, Fiber& to) {
    running_fiber_ = &to;
    from.switch_to(to);
}

void Multiprocessor::go_to_thread(Fiber& from, int index) {
    const Thread& thread = threads_[static_cast<std::size_t>(index)];
    if (thread.state == State::fresh) {
        starting_ = index;
        go(from, idle_fiber(index));
    } else {
        go(from, *thread.fiber);
    }
}

}  // namespace kickdrum::emulation
