// SPDX-License-Identifier: MIT
// Optimiser steps over the main network's 8.48 million parameters.
#include <benchmark/benchmark.h>

#include "benchmarks/support/bench.h"
#include "kernels/ops/optimizer.h"

namespace kickdrum {

namespace {

constexpr std::int64_t kParameters = 8'482'821;

void adam(benchmark::State& state) {
    Bench& bench = shared_bench();
    BenchTensor weights(bench.context(), Shape{kParameters});
    BenchTensor gradient(bench.context(), Shape{kParameters});
    Buffer moments(bench.context(), 2 * sizeof(float) * kParameters + 64);
    const Tensor m = moments.tensor({kParameters});
    const Tensor v = moments.tensor({kParameters}, DType::f32, (sizeof(float) * kParameters + 63) / 64 * 64);
    StepState step{.learning_rate = 1e-3F};
    const double seconds = bench.time(state, [&] {
        adam_step(bench.context(), {}, &step, weights, gradient, m, v);
        ++step.step;
    });
    bench.count_bytes(state, seconds, 7 * weights.bytes());  // reads w, g, m, v; writes w, m, v
}

void sgd_momentum(benchmark::State& state) {
    Bench& bench = shared_bench();
    BenchTensor weights(bench.context(), Shape{kParameters});
    BenchTensor gradient(bench.context(), Shape{kParameters});
    BenchTensor velocity(bench.context(), Shape{kParameters});
    const StepState step{.learning_rate = 1e-3F};
    const double seconds = bench.time(
        state, [&] { sgd_step(bench.context(), {.momentum = 0.9F}, &step, weights, gradient, velocity); });
    bench.count_bytes(state, seconds, 5 * weights.bytes());  // reads w, g, v; writes w, v
}

void clip(benchmark::State& state) {
    Bench& bench = shared_bench();
    const BenchTensor gradient(bench.context(), Shape{kParameters});
    const BenchTensor scratch(bench.context(), Shape{static_cast<std::int64_t>(clip_scratch_bytes())},
                              DType::u8);
    StepState step;
    const double seconds =
        bench.time(state, [&] { clip_by_global_norm(bench.context(), 1, gradient, scratch, &step); });
    bench.count_bytes(state, seconds, gradient.bytes());
}

BENCHMARK(adam)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(clip)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(sgd_momentum)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace

}  // namespace kickdrum
