// SPDX-License-Identifier: MIT
// The three convolution blocks of the main network, batch 64, 128 x 128 x 1.
#include <benchmark/benchmark.h>

#include <string>

#include "benchmarks/support/bench.h"
#include "kernels/ops/conv_block.h"

namespace kickdrum {

namespace {

Shape block_src(std::int64_t block) {
    if (block == 1) return {64, 128, 128, 1};
    if (block == 2) return {64, 64, 64, 32};
    return {64, 32, 32, 64};
}

struct Block {
    Block(Context& context, std::int64_t number)
        : spec{.channels_out = 16 << number, .padding = Padding::same},
          op(make_conv_block(context, block_src(number), spec)),
          src(context, block_src(number)),
          weights(context, conv_block_weights_shape(block_src(number), spec)),
          bias(context, Shape{spec.channels_out}),
          dst(context, conv_block_dst_shape(block_src(number), spec)),
          winner(context, dst.tensor().shape, DType::u8),
          diff_src(context, block_src(number)),
          diff_weights(context, weights.tensor().shape),
          diff_bias(context, Shape{spec.channels_out}),
          scratch(context, op->scratch_bytes()) {
        op->forward(context, src, weights, bias, dst, winner, scratch);
    }

    // Of a direct convolution.
    double flops() const {
        const Shape& s = src.tensor().shape;
        return 2.0 * 9 * static_cast<double>(s.count()) * spec.channels_out;
    }
    // Winograd F(4x4, 3x3) multiplies 36 instead of 144 times per tile of 16 outputs and pair of channels.
    double performed() const { return op->implementation().find("winograd_4x4") == 0 ? 36.0 / 144 : 1; }

    ConvBlockSpec spec;
    std::unique_ptr<ConvBlock> op;
    BenchTensor src, weights, bias, dst, winner, diff_src, diff_weights, diff_bias, scratch;
};

void conv_block_forward(benchmark::State& state) {
    Bench& bench = shared_bench();
    Block block(bench.context(), state.range(0));
    const double seconds = bench.time(state, [&] {
        block.op->forward(bench.context(), block.src, block.weights, block.bias, block.dst, block.winner,
                          block.scratch);
    });
    bench.count_flops(state, seconds, block.flops(), block.performed());
    state.SetLabel(std::string(block.op->implementation()));
}

// The first block needs no gradient of its input.
void conv_block_backward(benchmark::State& state) {
    Bench& bench = shared_bench();
    Block block(bench.context(), state.range(0));
    const bool first = state.range(0) == 1;
    const Tensor diff_src = first ? Tensor{} : Tensor(block.diff_src);
    const double seconds = bench.time(state, [&] {
        block.op->backward(bench.context(), block.src, block.dst, block.winner, block.weights,
                           block.diff_weights, block.diff_bias, diff_src, block.scratch);
    });
    // The weight gradient needs only the winner of each 2x2 window, a quarter of the products, and less where
    // ReLU is dead; the data gradient is Winograd's.
    bench.count_flops(state, seconds, (first ? 1 : 2) * block.flops(), 0.25);
    state.SetLabel(std::string(block.op->implementation()));
}

BENCHMARK(conv_block_forward)->DenseRange(1, 3)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(conv_block_backward)->DenseRange(1, 3)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace

}  // namespace kickdrum
