// SPDX-License-Identifier: MIT
// Convolutions without fused pooling: 3x3 as in a residual network, strided, 1x1, and 5x5 dilated.
#include <benchmark/benchmark.h>

#include <string>

#include "benchmarks/support/bench.h"
#include "kernels/ops/conv2d.h"

namespace kickdrum {

namespace {

struct Case {
    Shape src;
    Conv2dSpec spec;
    const char* name;
};

const Case& conv2d_case(std::int64_t index) {
    static const Case cases[] = {
        {{32, 32, 32, 64}, {.channels_out = 64, .padding = Padding::same}, "3x3 64->64"},
        {{32, 32, 32, 64},
         {.channels_out = 128, .stride = {2, 2}, .padding = Padding::same},
         "3x3 stride 2 64->128"},
        {{32, 32, 32, 64}, {.channels_out = 128, .kernel = {1, 1}}, "1x1 64->128"},
        {{32, 32, 32, 32},
         {.channels_out = 32, .kernel = {5, 5}, .dilation = {2, 2}},
         "5x5 dilated 2 32->32"},
    };
    return cases[index];
}

struct Convolution {
    Convolution(Context& context, const Case& c)
        : op(make_conv2d(context, c.src, c.spec)),
          src(context, c.src),
          weights(context, conv2d_weights_shape(c.src, c.spec)),
          bias(context, Shape{c.spec.channels_out}),
          dst(context, conv2d_dst_shape(c.src, c.spec)),
          diff_src(context, c.src),
          diff_weights(context, weights.tensor().shape),
          diff_bias(context, Shape{c.spec.channels_out}),
          scratch(context, op->scratch_bytes()) {}

    void report(benchmark::State& state, const Bench& bench, double seconds, const Case& c) const {
        const Tensor& w = weights.tensor();
        const double pixels = static_cast<double>(dst.tensor().count() / c.spec.channels_out);
        const bool winograd = op->implementation().find("winograd_4x4") == 0;
        bench.count_flops(state, seconds, 2 * pixels * static_cast<double>(w.count()),
                          winograd ? 36.0 / 144 : 1);
        state.SetLabel(std::string(c.name) + ", " + std::string(op->implementation()));
    }

    std::unique_ptr<Conv2d> op;
    BenchTensor src, weights, bias, dst, diff_src, diff_weights, diff_bias, scratch;
};

void conv2d_forward(benchmark::State& state) {
    Bench& bench = shared_bench();
    const Case& c = conv2d_case(state.range(0));
    Convolution conv(bench.context(), c);
    const double seconds = bench.time(state, [&] {
        conv.op->forward(bench.context(), conv.src, conv.weights, conv.bias, conv.dst, conv.scratch);
    });
    conv.report(state, bench, seconds, c);
}

void conv2d_backward_src(benchmark::State& state) {
    Bench& bench = shared_bench();
    const Case& c = conv2d_case(state.range(0));
    Convolution conv(bench.context(), c);
    const double seconds = bench.time(state, [&] {
        conv.op->backward_src(bench.context(), conv.dst, conv.weights, conv.diff_src, conv.scratch);
    });
    conv.report(state, bench, seconds, c);
}

void conv2d_backward_weights(benchmark::State& state) {
    Bench& bench = shared_bench();
    const Case& c = conv2d_case(state.range(0));
    Convolution conv(bench.context(), c);
    const double seconds = bench.time(state, [&] {
        conv.op->backward_weights(bench.context(), conv.src, conv.dst, conv.diff_weights, conv.diff_bias,
                                  conv.scratch);
    });
    conv.report(state, bench, seconds, c);
}

BENCHMARK(conv2d_forward)->DenseRange(0, 3)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(conv2d_backward_src)->DenseRange(0, 3)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(conv2d_backward_weights)->DenseRange(0, 3)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace

}  // namespace kickdrum
