// SPDX-License-Identifier: MIT
// Operations that do little with each number: activations, dropout, softmax, sums, and the gather of a batch.
#include <benchmark/benchmark.h>

#include <string>

#include "benchmarks/support/bench.h"
#include "kernels/ops/activation.h"
#include "kernels/ops/binary_cross_entropy.h"
#include "kernels/ops/dropout.h"
#include "kernels/ops/elementwise.h"
#include "kernels/ops/softmax_cross_entropy.h"

namespace kickdrum {

namespace {

const Shape kLarge{64, 64, 64, 64};  // 67 MB

void activation_forward_bench(benchmark::State& state) {
    Bench& bench = shared_bench();
    const Activation activation = all_activations()[static_cast<std::size_t>(state.range(0))];
    const BenchTensor src(bench.context(), kLarge);
    const BenchTensor dst(bench.context(), kLarge);
    const double seconds =
        bench.time(state, [&] { activation_forward(bench.context(), activation, src, dst); });
    bench.count_bytes(state, seconds, 2 * src.bytes());
    state.SetLabel(std::string(to_string(activation)));
}

void activation_backward_bench(benchmark::State& state) {
    Bench& bench = shared_bench();
    const Activation activation = all_activations()[static_cast<std::size_t>(state.range(0))];
    const BenchTensor src(bench.context(), kLarge);
    const BenchTensor dst(bench.context(), kLarge);
    const BenchTensor diff_dst(bench.context(), kLarge);
    const BenchTensor diff_src(bench.context(), kLarge);
    const double seconds = bench.time(
        state, [&] { activation_backward(bench.context(), activation, src, dst, diff_dst, diff_src); });
    bench.count_bytes(state, seconds, (needs_src(activation) ? 4 : 3) * src.bytes());
    state.SetLabel(std::string(to_string(activation)));
}

void dropout_bench(benchmark::State& state) {
    Bench& bench = shared_bench();
    const BenchTensor src(bench.context(), kLarge);
    const BenchTensor dst(bench.context(), kLarge);
    StepState step;
    const double seconds = bench.time(state, [&] {
        ++step.step;
        dropout(bench.context(), 0.5F, random_stream(1, "dropout"), &step, src, dst);
    });
    bench.count_bytes(state, seconds, 2 * src.bytes());
}

void softmax_cross_entropy_bench(benchmark::State& state) {
    Bench& bench = shared_bench();
    const Shape shape{state.range(0), state.range(1)};
    const BenchTensor logits(bench.context(), shape);
    const BenchTensor labels(bench.context(), Shape{shape[0]}, DType::i32);
    const BenchTensor weights(bench.context(), Shape{shape[0]});
    const BenchTensor probabilities(bench.context(), shape);
    const BenchTensor row_loss(bench.context(), Shape{shape[0]});
    const BenchTensor diff_logits(bench.context(), shape);
    StepState step{.loss_scale = 1.0F / 64, .rows = static_cast<std::int32_t>(shape[0])};
    const double seconds = bench.time(state, [&] {
        softmax_cross_entropy(bench.context(), {}, logits, labels, weights, &step, probabilities, row_loss,
                              diff_logits);
    });
    bench.count_bytes(state, seconds,
                      3 * logits.bytes() + labels.bytes() + weights.bytes() + row_loss.bytes());
}

void binary_cross_entropy_bench(benchmark::State& state) {
    Bench& bench = shared_bench();
    const Shape shape{state.range(0), state.range(1)};
    const BenchTensor logits(bench.context(), shape);
    const BenchTensor labels(bench.context(), Shape{shape[0]}, DType::i32);
    const BenchTensor weights(bench.context(), Shape{shape[0]});
    const BenchTensor sets(bench.context(), Shape{16, shape[1]});
    const BenchTensor class_weights(bench.context(), Shape{2, shape[1]});
    const BenchTensor probabilities(bench.context(), shape);
    const BenchTensor row_loss(bench.context(), Shape{shape[0]});
    const BenchTensor diff_logits(bench.context(), shape);
    StepState step{.loss_scale = 1.0F / 64, .rows = static_cast<std::int32_t>(shape[0])};
    const double seconds = bench.time(state, [&] {
        binary_cross_entropy(bench.context(), {}, {.present = sets, .class_weights = class_weights}, logits,
                             labels, weights, &step, probabilities, row_loss, diff_logits);
    });
    bench.count_bytes(state, seconds,
                      3 * logits.bytes() + labels.bytes() + weights.bytes() + row_loss.bytes());
}

void add_bench(benchmark::State& state) {
    Bench& bench = shared_bench();
    const BenchTensor a(bench.context(), kLarge);
    const BenchTensor b(bench.context(), kLarge);
    const BenchTensor dst(bench.context(), kLarge);
    const double seconds = bench.time(state, [&] { add(bench.context(), a, b, dst); });
    bench.count_bytes(state, seconds, 3 * a.bytes());
}

void gather_rows_bench(benchmark::State& state) {
    Bench& bench = shared_bench();
    const BenchTensor src(bench.context(), Shape{872, 128, 128, 1});
    const BenchTensor indices(bench.context(), Shape{64}, DType::i32);
    for (int i = 0; i < 64; ++i) indices.tensor().i32()[i] = i * 13 % 872;
    const BenchTensor dst(bench.context(), Shape{64, 128, 128, 1});
    const double seconds = bench.time(state, [&] { gather_rows(bench.context(), src, indices, dst); });
    bench.count_bytes(state, seconds, 2 * dst.bytes());
}

const auto kLastActivation = static_cast<std::int64_t>(all_activations().size()) - 1;
BENCHMARK(activation_forward_bench)
    ->DenseRange(0, kLastActivation)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();
BENCHMARK(activation_backward_bench)
    ->DenseRange(0, kLastActivation)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();
BENCHMARK(dropout_bench)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(softmax_cross_entropy_bench)
    ->Args({64, 5})
    ->Args({65536, 10})
    ->Unit(benchmark::kMicrosecond)
    ->UseRealTime();
BENCHMARK(binary_cross_entropy_bench)
    ->Args({64, 5})
    ->Args({65536, 10})
    ->Unit(benchmark::kMicrosecond)
    ->UseRealTime();
BENCHMARK(add_bench)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(gather_rows_bench)->Unit(benchmark::kMicrosecond)->UseRealTime();

}  // namespace

}  // namespace kickdrum
