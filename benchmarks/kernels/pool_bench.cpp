// SPDX-License-Identifier: MIT
// Pooling of feature maps of the main network's second block, batch 64.
#include <benchmark/benchmark.h>

#include "benchmarks/support/bench.h"
#include "kernels/ops/global_pool.h"
#include "kernels/ops/pool2d.h"

namespace kickdrum {

namespace {

const Shape kSrc{64, 64, 64, 64};

void pool2d(benchmark::State& state, PoolKind kind, bool backward) {
    Bench& bench = shared_bench();
    const Pool2dSpec spec{.kind = kind};
    const auto op = make_pool2d(bench.context(), kSrc, spec);
    const BenchTensor src(bench.context(), kSrc);
    const BenchTensor dst(bench.context(), pool2d_dst_shape(kSrc, spec));
    const BenchTensor winner(bench.context(), dst.tensor().shape, DType::i32);
    const Tensor used_winner = kind == PoolKind::max ? winner.tensor() : Tensor{};
    op->forward(bench.context(), src, dst, used_winner);
    const double seconds = bench.time(state, [&] {
        if (backward) {
            op->backward(bench.context(), dst, used_winner, src);
        } else {
            op->forward(bench.context(), src, dst, used_winner);
        }
    });
    bench.count_bytes(state, seconds, src.bytes() + dst.bytes() + (used_winner ? winner.bytes() : 0));
}

void global_average_pool(benchmark::State& state) {
    Bench& bench = shared_bench();
    const BenchTensor src(bench.context(), kSrc);
    const BenchTensor dst(bench.context(), Shape{kSrc[0], kSrc[3]});
    const double seconds = bench.time(
        state, [&] { global_pool_forward(bench.context(), PoolKind::average, src, dst, Tensor{}); });
    bench.count_bytes(state, seconds, src.bytes() + dst.bytes());
}

BENCHMARK_CAPTURE(pool2d, max_forward, PoolKind::max, false)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(pool2d, max_backward, PoolKind::max, true)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(pool2d, average_forward, PoolKind::average, false)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();
BENCHMARK_CAPTURE(pool2d, average_backward, PoolKind::average, true)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();
BENCHMARK(global_average_pool)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace

}  // namespace kickdrum
