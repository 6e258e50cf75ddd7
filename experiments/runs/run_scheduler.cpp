// SPDX-License-Identifier: MIT
#include "experiments/runs/run_scheduler.h"

#include <algorithm>
#include <thread>
#include <utility>
#include <vector>

#include "experiments/config/experiment_config.h"

namespace kickdrum {
namespace {

// Of a training step, by Amdahl's law: a step of the main CNN took 244 ms on one thread and 123 ms on two of
// a quiet 2-core computer, a share of 0.01; 139 ms while other programs ran, 0.14.
constexpr double kSerialShare = 0.04;

// Of all runs, in units of one run on one thread.
double expected_time(int runs, int threads, int parallel) {
    const int rounds = (runs + parallel - 1) / parallel;
    const int threads_each = std::max(1, threads / parallel);
    return rounds * (kSerialShare + (1 - kSerialShare) / threads_each);
}

}  // namespace

int worker_threads(int threads) {
    return threads > 0 ? threads : std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

RunPlan plan_runs(int parallel_runs, int runs, int threads) {
    const int all = worker_threads(threads);
    int parallel = std::min(parallel_runs, runs);
    if (parallel_runs == ExperimentConfig::kAutoParallelRuns) {
        parallel = 1;
        for (int n = 2; n <= std::min(runs, all); ++n) {
            // Not for a rounding error: more runs need more memory.
            if (expected_time(runs, all, n) < 0.999 * expected_time(runs, all, parallel)) parallel = n;
        }
    }
    return {.parallel = parallel, .threads = std::max(1, all / parallel)};
}

RunPlan plan_runs_on_gpu(int parallel_runs, int runs) {
    constexpr int kAutomatic = 3;
    const int wanted = parallel_runs == ExperimentConfig::kAutoParallelRuns ? kAutomatic : parallel_runs;
    return {.parallel = std::min(wanted, runs), .threads = 1};
}

RunPlan plan_runs(const ExperimentConfig& config, Device device, int threads) {
    if (device == Device::cuda) return plan_runs_on_gpu(config.parallel_runs, config.runs);
    return plan_runs(config.parallel_runs, config.runs, threads);
}

ContextOptions context_options(const ExperimentConfig& config, Device device, int threads) {
    return {.device = device,
            .threads = threads,
            // The CPU has one way to compute, which is deterministic.
            .math = device == Device::cuda ? config.math : Math::fp32,
            .deterministic = config.deterministic};
}

void RunScheduler::train(int runs, const Work& work) {
    next_ = 1;
    stopping_ = false;
    std::vector<std::thread> workers;
    try {
        for (int worker = 1; worker < std::min(parallel_, runs); ++worker) {
            workers.emplace_back([&] { serve(runs, work); });
        }
    } catch (...) {  // no thread to be had
        fail(std::current_exception());
    }
    serve(runs, work);
    for (auto& worker : workers) worker.join();
    if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
}

void RunScheduler::serve(int runs, const Work& work) {
    try {
        Context context(options_);
        while (!stopping()) {
            const int run = next_.fetch_add(1);
            if (run > runs) return;
            if (!work(context, run)) stopping_ = true;
        }
    } catch (...) {
        fail(std::current_exception());
    }
}

void RunScheduler::fail(std::exception_ptr failure) {
    const std::lock_guard lock(mutex_);
    if (!failure_) failure_ = std::move(failure);
    stopping_ = true;
}

}  // namespace kickdrum
