// SPDX-License-Identifier: MIT
// Batch normalisation of 64 x 32 x 32 x 64.
#include <benchmark/benchmark.h>

#include "benchmarks/support/bench.h"
#include "kernels/ops/batch_norm.h"

namespace kickdrum {

namespace {

const Shape kSrc{64, 32, 32, 64};

struct BatchNorm {
    explicit BatchNorm(Context& context)
        : src(context, kSrc),
          dst(context, kSrc),
          diff_src(context, kSrc),
          vectors(context, Shape{8, kSrc[3]}),
          scratch(context, batch_norm_scratch_bytes(kSrc)) {}

    // One of the eight per-channel vectors.
    Tensor vector(std::int64_t index) const {
        Tensor tensor = vectors.tensor().reshaped({kSrc[3]});
        tensor.data = tensor.f32() + index * kSrc[3];
        return tensor;
    }
    BatchNormParameters parameters() const { return {vector(0), vector(1), vector(2), vector(3)}; }

    BenchTensor src, dst, diff_src, vectors, scratch;
};

void batch_norm_training(benchmark::State& state) {
    Bench& bench = shared_bench();
    const BatchNorm bn(bench.context());
    const double seconds = bench.time(state, [&] {
        batch_norm_forward_training(bench.context(), {}, bn.src, bn.parameters(), bn.dst, bn.vector(4),
                                    bn.vector(5), nullptr, bn.scratch);
    });
    bench.count_bytes(state, seconds,
                      2 * bn.src.bytes() + bn.dst.bytes());  // src is read twice: moments, then values
}

void batch_norm_inference(benchmark::State& state) {
    Bench& bench = shared_bench();
    const BatchNorm bn(bench.context());
    const double seconds = bench.time(
        state, [&] { batch_norm_forward_inference(bench.context(), {}, bn.src, bn.parameters(), bn.dst); });
    bench.count_bytes(state, seconds, bn.src.bytes() + bn.dst.bytes());
}

void batch_norm_backward(benchmark::State& state) {
    Bench& bench = shared_bench();
    const BatchNorm bn(bench.context());
    batch_norm_forward_training(bench.context(), {}, bn.src, bn.parameters(), bn.dst, bn.vector(4),
                                bn.vector(5), nullptr, bn.scratch);
    const double seconds = bench.time(state, [&] {
        batch_norm_backward(bench.context(), {}, bn.src, bn.vector(0), bn.vector(4), bn.vector(5), bn.dst,
                            bn.diff_src, bn.vector(6), bn.vector(7), nullptr, bn.scratch);
    });
    bench.count_bytes(state, seconds,
                      5 * bn.src.bytes());  // src and diff_dst are read twice, diff_src is written
}

BENCHMARK(batch_norm_training)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(batch_norm_inference)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(batch_norm_backward)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace

}  // namespace kickdrum
