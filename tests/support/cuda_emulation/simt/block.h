// SPDX-License-Identifier: MIT
// One multiprocessor with one block on it: what runs next, and who waits for whom. One for each host thread.
#pragma once

#include <array>
#include <exception>
#include <functional>
#include <memory>
#include <source_location>
#include <string>
#include <vector>

#include "tests/support/cuda_emulation/simt/fiber.h"
#include "tests/support/cuda_emulation/simt/grid.h"
#include "tests/support/cuda_emulation/simt/random.h"
#include "tests/support/cuda_emulation/simt/shared_memory.h"

namespace kickdrum::emulation {

constexpr int kWarpLanes = 32;

class Multiprocessor {
 public:
    Multiprocessor();
    Multiprocessor(const Multiprocessor&) = delete;
    Multiprocessor& operator=(const Multiprocessor&) = delete;

    void run(const GridShape& shape, std::uint64_t seed, const std::function<void()>& thread);

    // Called by the running CUDA thread.
    int barrier(bool vote, std::source_location place);
    std::uint64_t collective(WarpOperation operation, unsigned mask, std::uint64_t value, int source,
                             std::source_location place);
    int lane() const { return current_ % kWarpLanes; }
    SharedMemory& shared() { return shared_; }

 private:
    enum class State : std::uint8_t { fresh, ready, at_barrier, in_warp, done };
    // Who gets to run; drawn for each block. `deep` lets a warp run as far as it can, `broad` all take their
    // turns.
    enum class Policy : std::uint8_t { random, deep, broad };

    struct Thread {
        State state = State::fresh;
        WarpOperation operation = WarpOperation::synchronise;
        bool outside = false;  // the collective would have read a lane that doesn't take part
        unsigned mask = 0;
        int source = 0;
        std::uint64_t value = 0;  // what the thread gives to a collective, then what it gets
        Fiber* fiber = nullptr;   // where it waits
        std::source_location place;
    };
    struct Warp {
        unsigned waiting = 0;  // lanes in a collective
        unsigned running = 0;  // lanes that haven't returned from the kernel
        unsigned mask = 0;     // of the collective that was entered last
        WarpOperation operation = WarpOperation::synchronise;
        unsigned epoch = 0;
        std::array<char, 2> order{};
    };

    void number_threads();
    void run_block();
    void begin_block();
    void abandon_block();
    std::string describe_deadlock() const;

    // On a thread's fiber.
    static void work();
    void run_threads();
    void run_thread(int index);
    void suspend(State state);
    void check_collective(const Warp& warp, int first, WarpOperation operation, unsigned mask,
                          std::source_location place) const;
    void finish_collectives(int warp);
    void finish_collective(int warp, unsigned group);
    void release_barrier();
    [[noreturn]] void fail(const std::string& what, std::source_location place) const;

    int next();  // whose turn it is; -1: nobody can run
    int take_fresh(int position);
    int take_ready(int position);
    void make_ready(int index);
    Fiber& idle_fiber(int index);
    void go(Fiber& from, Fiber& to);
    void go_to_thread(Fiber& from, int index);

    Fiber main_;
    Fiber* running_fiber_ = &main_;
    std::array<std::unique_ptr<Fiber>, kMaxBlockThreads> fibers_;
    std::array<Fiber*, kMaxBlockThreads> idle_{};
    int fiber_count_ = 0;
    int idle_count_ = 0;
    SharedMemory shared_;
    Random random_;
    GridShape shape_;
    const std::function<void()>* kernel_ = nullptr;

    int size_ = 0;
    std::array<Thread, kMaxBlockThreads> threads_;
    std::array<uint3, kMaxBlockThreads> numbers_{};
    std::array<Warp, kMaxBlockThreads / kWarpLanes> warps_;
    std::array<std::uint16_t, kMaxBlockThreads> fresh_{};  // not yet started
    std::array<std::uint16_t, kMaxBlockThreads> ready_{};  // a ring: have waited and may go on
    int fresh_count_ = 0;
    int ready_first_ = 0;
    int ready_count_ = 0;
    int done_count_ = 0;
    int current_ = 0;
    int starting_ = 0;  // the thread that the idle fiber which is entered next begins with
    int barrier_count_ = 0;
    int votes_ = 0;
    int last_votes_ = 0;
    unsigned barrier_epoch_ = 0;
    std::source_location barrier_place_;
    std::array<char, 2> barrier_order_{};
    char begin_order_ = 0;
    char end_order_ = 0;
    Policy policy_ = Policy::random;
    bool aborting_ = false;
    std::exception_ptr error_;
};

}  // namespace kickdrum::emulation
