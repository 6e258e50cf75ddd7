// SPDX-License-Identifier: MIT
#include "kernels/device/thread_pool.h"

#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace kickdrum {
namespace {

// A training step is some dozen parallel loops with microseconds between them: a worker that slept at once would pay
// the wake-up each time. It polls this often first (some 20 us), then sleeps.
constexpr int kPolls = 2000;

void relax() {
#if defined(__x86_64__)
    _mm_pause();
#else
    std::this_thread::yield();
#endif
}

}  // namespace

struct ThreadPool::State {
    std::mutex mutex;
    std::condition_variable wake;
    std::condition_variable done;
    std::atomic<std::uint64_t> generation{0};
    std::atomic<int> running{0};
    bool stop = false;

    void* function = nullptr;
    Invoke invoke = nullptr;
    std::int64_t count = 0;
    std::atomic<std::int64_t> next{0};
    std::exception_ptr failure;

    std::vector<std::thread> workers;

    void work(int thread) {
        for (;;) {
            const std::int64_t index = next.fetch_add(1, std::memory_order_relaxed);
            if (index >= count) return;
            try {
                invoke(function, index, thread);
            } catch (...) {
                const std::lock_guard lock(mutex);
                if (!failure) failure = std::current_exception();
                next.store(count, std::memory_order_relaxed);
            }
        }
    }

    void loop(int thread) {
        std::uint64_t seen = 0;
        for (;;) {
            for (int poll = 0; poll < kPolls && generation.load(std::memory_order_acquire) == seen; ++poll)
                relax();
            if (generation.load(std::memory_order_acquire) == seen) {
                std::unique_lock lock(mutex);
                wake.wait(lock, [&] { return generation.load(std::memory_order_acquire) != seen; });
            }
            seen = generation.load(std::memory_order_acquire);
            if (stop) return;
            work(thread);
            if (running.fetch_sub(1, std::memory_order_acq_rel) == 1) {
                const std::lock_guard lock(mutex);
                done.notify_one();
            }
        }
    }

    void publish() {
        {
            const std::lock_guard lock(mutex);
            generation.fetch_add(1, std::memory_order_acq_rel);
        }
        wake.notify_all();
    }
};

ThreadPool::ThreadPool(int threads) : threads_(threads < 1 ? 1 : threads), state_(std::make_unique<State>()) {
    for (int thread = 1; thread < threads_; ++thread) {
        state_->workers.emplace_back([state = state_.get(), thread] { state->loop(thread); });
    }
}

ThreadPool::~ThreadPool() {
    state_->stop = true;
    state_->publish();
    for (auto& worker : state_->workers) worker.join();
}

void ThreadPool::run(std::int64_t count, void* function, Invoke invoke) {
    if (count <= 0) return;
    if (threads_ == 1 || count == 1) {
        for (std::int64_t index = 0; index < count; ++index) invoke(function, index, 0);
        return;
    }
    State& state = *state_;
    state.function = function;
    state.invoke = invoke;
    state.count = count;
    state.next.store(0, std::memory_order_relaxed);
    state.running.store(threads_ - 1, std::memory_order_relaxed);
    state.publish();
    state.work(0);
    for (int poll = 0; poll < kPolls && state.running.load(std::memory_order_acquire) != 0; ++poll) relax();
    if (state.running.load(std::memory_order_acquire) != 0) {
        std::unique_lock lock(state.mutex);
        state.done.wait(lock, [&] { return state.running.load(std::memory_order_acquire) == 0; });
    }
    if (state.failure) std::rethrow_exception(std::exchange(state.failure, nullptr));
}

}  // namespace kickdrum
