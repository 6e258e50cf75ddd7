// SPDX-License-Identifier: MIT
// The worker threads of one Context. parallel_for hands out indices one by one to whichever thread is free, so the
// caller must not let its result depend on which thread takes which index: sums are cut by shape, never by thread.
// Nothing is allocated by a call.
#pragma once

#include <cstdint>
#include <memory>
#include <type_traits>

namespace kickdrum {

class ThreadPool {
 public:
    // threads >= 1 counts the calling thread.
    explicit ThreadPool(int threads);
    ~ThreadPool();
    ThreadPool(const ThreadPool&) = delete;
    ThreadPool& operator=(const ThreadPool&) = delete;

    int threads() const { return threads_; }

    // Calls task(index, thread) once for every index in [0, count); thread is in [0, threads()) and names the scratch
    // that the call may use. Returns when all are done. The first exception of a task is rethrown here, after every
    // thread has stopped. Calls must not nest, and only one thread may call at a time.
    template <class Task>
    void parallel_for(std::int64_t count, Task&& task) {
        using Function = std::remove_reference_t<Task>;
        run(count, const_cast<void*>(static_cast<const void*>(&task)),
            [](void* function, std::int64_t index, int thread) {
                (*static_cast<Function*>(function))(index, thread);
            });
    }

 private:
    using Invoke = void (*)(void* function, std::int64_t index, int thread);
    void run(std::int64_t count, void* function, Invoke invoke);

    struct State;
    int threads_;
    std::unique_ptr<State> state_;
};

}  // namespace kickdrum
