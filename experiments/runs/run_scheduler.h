// SPDX-License-Identifier: MIT
// Several training runs at a time: how many, with how many threads each, and the threads that do it. What a
// run gives doesn't depend on either: this is about time and memory alone.
#pragma once

#include <atomic>
#include <exception>
#include <functional>
#include <mutex>

#include "kernels/device/context.h"

namespace kickdrum {

struct ExperimentConfig;

struct RunPlan {
    int parallel = 1;  // runs at a time
    int threads = 1;   // of each
};

// Threads to share: `threads`, or one per processor where it is 0.
int worker_threads(int threads);

// How `runs` runs share `threads` threads on the CPU: `parallel_runs` at a time, or for 0 (auto) as many as
// take the shortest time by this estimate: ceil(runs / N) * T(threads / N), with T(t) = s + (1 - s) / t the
// time of a run on t threads in units of that on one; s = 0.04 is the share of a step that more threads don't
// shorten. Of equals the fewest, which need the least memory. Never more than there are runs; each has at
// least one thread.
RunPlan plan_runs(int parallel_runs, int runs, int threads);

// On a GPU all runs share it, and each has one thread that drives it. auto: at most 3, which keep the GPU
// busy while one of them waits; it was not measured.
RunPlan plan_runs_on_gpu(int parallel_runs, int runs);

// For the configuration's runs on the device.
RunPlan plan_runs(const ExperimentConfig& config, Device device, int threads);
ContextOptions context_options(const ExperimentConfig& config, Device device, int threads);

class RunScheduler {
 public:
    // Trains one run on the context, which no other run uses meanwhile. Returns false to stop everything.
    using Work = std::function<bool(Context& context, int run)>;

    // Each of `parallel` workers makes a context by `options`.
    RunScheduler(int parallel, const ContextOptions& options) : parallel_(parallel), options_(options) {}

    // Calls work for the runs 1 to `runs`, in this order; the calling thread is one of the workers. After a
    // call that returned false or threw, no run begins any more, and stopping() tells those under way; all
    // are waited for. Rethrows the first exception, and drops those that follow from it.
    void train(int runs, const Work& work);

    bool stopping() const { return stopping_.load(); }

 private:
    void serve(int runs, const Work& work);
    void fail(std::exception_ptr failure);

    int parallel_;
    ContextOptions options_;
    std::atomic<int> next_{1};
    std::atomic<bool> stopping_{false};
    std::mutex mutex_;
    std::exception_ptr failure_;
};

}  // namespace kickdrum
