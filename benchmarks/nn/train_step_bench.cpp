// SPDX-License-Identifier: MIT
// The whole training step and the evaluation of the main network, batch 64, 128 x 128 x 1.
#include <benchmark/benchmark.h>

#include <numeric>
#include <vector>

#include "benchmarks/support/bench.h"
#include "benchmarks/support/main_model.h"
#include "nn/training/trainer.h"

namespace kickdrum {

namespace {

constexpr int kBatch = 64;

struct Setting {
    explicit Setting(Context& context)
        : inputs(context, Shape{kBatch, 128, 128, 1}),
          labels(kBatch),
          indices(kBatch),
          trainer(context, main_model(), Dataset{inputs, labels, kMainModelClasses}, TrainingSpec{}, 1) {
        std::iota(indices.begin(), indices.end(), 0);
        for (int i = 0; i < kBatch; ++i) labels[static_cast<std::size_t>(i)] = i % kMainModelClasses;
    }
    BenchTensor inputs;
    std::vector<int> labels;
    std::vector<std::int32_t> indices;
    Trainer trainer;
};

// The products of all convolutions and dense layers of a forward pass, convolutions as direct ones.
constexpr double kForwardFlops =
    2.0 * kBatch *
    (9 * 32 * 128 * 128 + 9.0 * 32 * 64 * 64 * 64 + 9.0 * 64 * 128 * 32 * 32 + 32768 * 256 + 256 * 5);
constexpr double kFirstBlockFlops = 2.0 * kBatch * 9 * 32 * 128 * 128;

void train_step(benchmark::State& state) {
    Bench& bench = shared_bench();
    double seconds = 0;
    {
        Setting setting(bench.context());
        for (int i = 0; i < 3; ++i) setting.trainer.train_step(setting.indices, 1e-3);
        seconds = bench.time(state, [&] { setting.trainer.train_step(setting.indices, 1e-3); });
    }
    bench.context().thaw();
    // Backward does the forward's work twice, but for the gradient of the input.
    bench.count_flops(state, seconds, 3 * kForwardFlops - kFirstBlockFlops);
    state.counters["clips/s"] = kBatch / seconds;
}

void evaluate_batch(benchmark::State& state) {
    Bench& bench = shared_bench();
    double seconds = 0;
    {
        Setting setting(bench.context());
        seconds =
            bench.time(state, [&] { benchmark::DoNotOptimize(setting.trainer.evaluate(setting.indices)); });
    }
    bench.context().thaw();
    bench.count_flops(state, seconds, kForwardFlops);
    state.counters["clips/s"] = kBatch / seconds;
}

BENCHMARK(train_step)->Unit(benchmark::kMillisecond)->UseRealTime()->MinTime(3);
BENCHMARK(evaluate_batch)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace

}  // namespace kickdrum
