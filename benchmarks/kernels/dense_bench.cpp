// SPDX-License-Identifier: MIT
// The two dense layers of the main network, batch 64: 32768 -> 256 and 256 -> 5.
#include <benchmark/benchmark.h>

#include <string>

#include "benchmarks/support/bench.h"
#include "kernels/ops/activation.h"
#include "kernels/ops/dense.h"

namespace kickdrum {

namespace {

struct DenseLayer {
    DenseLayer(Context& context, const benchmark::State& state)
        : spec{.rows = 64, .in = state.range(0), .out = state.range(1)},
          op(make_dense(context, spec)),
          src(context, Shape{spec.rows, spec.in}),
          weights(context, Shape{spec.in, spec.out}),
          bias(context, Shape{spec.out}),
          dst(context, Shape{spec.rows, spec.out}),
          diff_src(context, Shape{spec.rows, spec.in}),
          diff_weights(context, Shape{spec.in, spec.out}),
          diff_bias(context, Shape{spec.out}),
          scratch(context, op->scratch_bytes()) {
        // Behind ReLU: what is negative is 0, and takes no product where the operation can leave it out.
        const Tensor x = src;
        activation_forward(context, Activation::relu, x, x);
    }

    // The CPU multiplies the half of src that isn't 0.
    double performed() const { return op->implementation().find("panels") == 0 ? 0.5 : 1; }

    void report(benchmark::State& state, const Bench& bench, double seconds, double performed,
                double products = 1) const {
        bench.count_flops(state, seconds,
                          products * 2.0 * static_cast<double>(spec.rows * spec.in * spec.out), performed);
        bench.count_bytes(state, seconds, products * (src.bytes() + weights.bytes() + dst.bytes()));
        state.SetLabel(std::string(op->implementation()));
    }

    DenseSpec spec;
    std::unique_ptr<Dense> op;
    BenchTensor src, weights, bias, dst, diff_src, diff_weights, diff_bias, scratch;
};

void dense_forward(benchmark::State& state) {
    Bench& bench = shared_bench();
    DenseLayer layer(bench.context(), state);
    const double seconds = bench.time(state, [&] {
        layer.op->forward(bench.context(), layer.src, layer.weights, layer.bias, layer.dst, layer.scratch);
    });
    layer.report(state, bench, seconds, layer.performed());
}

// All gradients: two products, of which the one with src leaves zeros out on the CPU.
void dense_backward(benchmark::State& state) {
    Bench& bench = shared_bench();
    DenseLayer layer(bench.context(), state);
    const double seconds = bench.time(state, [&] {
        layer.op->backward(bench.context(), layer.src, {}, layer.dst, layer.weights, layer.diff_weights,
                           layer.diff_bias, layer.diff_src, layer.scratch);
    });
    layer.report(state, bench, seconds, (1 + layer.performed()) / 2, 2);
}

void dense_backward_weights(benchmark::State& state) {
    Bench& bench = shared_bench();
    DenseLayer layer(bench.context(), state);
    const double seconds = bench.time(state, [&] {
        layer.op->backward(bench.context(), layer.src, {}, layer.dst, layer.weights, layer.diff_weights,
                           layer.diff_bias, {}, layer.scratch);
    });
    layer.report(state, bench, seconds, layer.performed());
}

BENCHMARK(dense_forward)->Args({32768, 256})->Args({256, 5})->Unit(benchmark::kMicrosecond)->UseRealTime();
BENCHMARK(dense_backward)->Args({32768, 256})->Args({256, 5})->Unit(benchmark::kMicrosecond)->UseRealTime();
BENCHMARK(dense_backward_weights)
    ->Args({32768, 256})
    ->Args({256, 5})
    ->Unit(benchmark::kMicrosecond)
    ->UseRealTime();

}  // namespace

}  // namespace kickdrum
