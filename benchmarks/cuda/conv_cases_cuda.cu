// SPDX-License-Identifier: MIT
// The blocks of convolution and pooling: whole, by their parts, and the first one made as a library alone
// makes it.
#include <string>

#include "benchmarks/cuda/gpu_bench.h"
#include "kernels/cuda/conv_engine.cuh"
#include "kernels/cuda/pooled_image.cuh"
#include "kernels/device/transfer.h"
#include "kernels/ops/conv_block.h"

namespace kickdrum {
namespace {

Shape src_of(std::int64_t block, const GpuScale& scale) {
    const std::int64_t side = scale.side >> (block - 1);
    return {scale.batch, side, side, block == 1 ? 1 : 16 << (block - 1)};
}
ConvBlockSpec spec_of(std::int64_t block) {
    return {.channels_out = 16 << block, .padding = Padding::same};
}
Arithmetic arithmetic_of(const Context& context) {
    return context.math() == Math::bf16   ? Arithmetic::bf16
           : context.math() == Math::tf32 ? Arithmetic::tf32
                                          : Arithmetic::fp32;
}

struct Block {
    Block(Context& context, std::int64_t number, const GpuScale& scale)
        : type(context.activation_dtype()),
          shape(src_of(number, scale)),
          spec(spec_of(number)),
          image(conv_block_conv_shape(shape, spec)),
          pooled(conv_block_dst_shape(shape, spec)),
          op(make_conv_block(context, shape, spec)),
          dataset(context, shape.with_rows(4 * scale.batch)),
          rows(context, {scale.batch}, DType::i32),
          src(context, shape, type),
          weights(context, conv_block_weights_shape(shape, spec), type),
          bias(context, Shape{spec.channels_out}),
          dst(context, pooled, type),
          winner(context, pooled, DType::u8),
          diff_dst(context, pooled, type),
          diff_src(context, shape, type),
          diff_weights(context, conv_block_weights_shape(shape, spec)),
          diff_bias(context, Shape{spec.channels_out}),
          scratch(context, op->scratch_bytes()) {
        std::vector<std::int32_t> spread(static_cast<std::size_t>(scale.batch));
        for (std::size_t i = 0; i < spread.size(); ++i) spread[i] = static_cast<std::int32_t>(4 * i + i % 4);
        upload(context, spread.data(), rows);
    }

    BlockInput input() const { return op->takes_rows() ? BlockInput(dataset, rows) : BlockInput(src); }
    double input_bytes() const {
        return static_cast<double>(shape.count()) *
               static_cast<double>(op->takes_rows() ? sizeof(float) : size_of(type));
    }
    double flops() const { return 18.0 * static_cast<double>(image.count() * shape[3]); }

    DType type;
    Shape shape;
    ConvBlockSpec spec;
    Shape image, pooled;
    std::shared_ptr<ConvBlock> op;
    GpuTensor dataset, rows, src, weights, bias, dst, winner, diff_dst, diff_src, diff_weights, diff_bias,
        scratch;
};

// Bytes of a block of few channels, which is one kernel; of others those of its three passes over the full
// image.
GpuCall block_forward(Context& context, std::int64_t number, const GpuScale& scale) {
    const auto block = std::make_shared<Block>(context, number, scale);
    const double image = static_cast<double>(block->image.count() * size_of(block->type));
    const bool fused = block->op->takes_rows();
    return {.run =
                [&context, block] {
                    block->op->forward(context, block->input(), block->weights, block->bias, block->dst,
                                       block->winner, block->scratch);
                },
            .bytes = block->input_bytes() + bytes_of({block->weights, block->dst, block->winner}) +
                     (fused ? 0 : 2 * image),
            .flops = block->flops(),
            .arithmetic = fused ? Arithmetic::fp32 : arithmetic_of(context),
            .label = std::string(block->op->implementation()),
            .memory = block};
}

GpuCall block_backward(Context& context, std::int64_t number, const GpuScale& scale) {
    const auto block = std::make_shared<Block>(context, number, scale);
    const double image = static_cast<double>(block->image.count() * size_of(block->type));
    const bool fused = block->op->takes_rows();
    const Tensor diff_src = fused ? Tensor{} : Tensor(block->diff_src);
    const double read =
        block->input_bytes() + bytes_of({block->diff_dst, block->winner, block->diff_weights});
    return {.run =
                [&context, block, diff_src] {
                    block->op->backward(context, block->input(), block->diff_dst, block->winner,
                                        block->weights, block->diff_weights, block->diff_bias, diff_src,
                                        block->scratch);
                },
            .bytes = read + (fused ? 0 : 3 * image + bytes_of({block->weights, block->diff_src})),
            .flops = fused ? block->flops() / 4 : 2 * block->flops(),
            .arithmetic = fused ? Arithmetic::fp32 : arithmetic_of(context),
            .label = std::string(block->op->implementation()),
            .memory = block};
}

// One pass by the library.
struct Engine {
    Engine(Context& context, const ConvProblem& problem)
        : engine(cuda::make_conv_engine(context, problem)),
          a(context, problem.a_shape(), problem.operands),
          b(context, problem.b_shape(), problem.operands),
          out(context, problem.out_shape(), problem.result),
          scratch(context, engine->scratch_bytes()) {}
    void run(Context& context) { engine->execute(context, a, b, out, scratch); }

    std::shared_ptr<cuda::ConvEngine> engine;
    GpuTensor a, b, out, scratch;
};

GpuCall engine_pass(Context& context, ConvPass pass, std::int64_t number, const GpuScale& scale) {
    const Conv2dSpec spec{.channels_out = 16 << number, .padding = Padding::same};
    ConvProblem problem = conv_problem(pass, src_of(number, scale), spec, context.activation_dtype(),
                                       context.math(), context.deterministic());
    problem.result = problem.operands;
    const auto engine = std::make_shared<Engine>(context, problem);
    return {.run = [&context, engine] { engine->run(context); },
            .bytes = bytes_of({engine->a, engine->b, engine->out}),
            .flops = 18.0 * static_cast<double>(problem.dst_shape().count() * problem.c),
            .arithmetic = arithmetic_of(context),
            .label = std::string(engine->engine->description()),
            .memory = engine};
}

// The first block as the others are made: the library's convolution, then our pass over its image.
GpuCall first_block_by_library(Context& context, const GpuScale& scale) {
    const auto block = std::make_shared<Block>(context, 1, scale);
    const Conv2dSpec spec{.channels_out = 32, .padding = Padding::same};
    const auto engine =
        std::make_shared<Engine>(context, conv_problem(ConvPass::forward, block->shape, spec, block->type,
                                                       context.math(), context.deterministic()));
    return {
        .run =
            [&context, block, engine] {
                engine->run(context);
                cuda::bias_relu_pool(context, engine->out, block->bias, block->dst, block->winner);
            },
        .bytes = bytes_of({block->src, block->weights, block->dst, block->winner, engine->out, engine->out}),
        .flops = block->flops(),
        .arithmetic = arithmetic_of(context),
        .label = std::string(engine->engine->description()),
        .memory = std::pair(block, engine)};
}

GpuCall pool_pass(Context& context, std::int64_t number, bool forward, const GpuScale& scale) {
    const auto block = std::make_shared<Block>(context, number, scale);
    const auto image = std::make_shared<GpuTensor>(context, block->image, block->type);
    const GpuTensor partials(context, cuda::unpool_partials_bytes(block->image));
    return {.run =
                [&context, block, image, partials, forward] {
                    if (forward)
                        return cuda::bias_relu_pool(context, *image, block->bias, block->dst, block->winner);
                    auto* const sums = static_cast<float*>(partials.tensor().data);
                    const std::int64_t parts =
                        cuda::unpool(context, block->diff_dst, block->winner, *image, sums);
                    cuda::finish_block_gradients(context, sums, parts, block->diff_bias, nullptr,
                                                 block->diff_weights);
                },
            .bytes = bytes_of({*image, block->dst, block->winner}),
            .label = {},
            .memory = block};
}

}  // namespace

std::vector<GpuCase> conv_cases() {
    std::vector<GpuCase> cases;
    for (std::int64_t number = 1; number <= 3; ++number) {
        const std::string block = "conv_block_" + std::to_string(number);
        cases.push_back({block + "/forward",
                         [number](Context& c, const GpuScale& s) { return block_forward(c, number, s); }});
        cases.push_back({block + "/backward",
                         [number](Context& c, const GpuScale& s) { return block_backward(c, number, s); }});
        if (number == 1) {
            cases.push_back({block + "/forward/peer: library's convolution", first_block_by_library});
            continue;
        }
        for (const auto pass : {ConvPass::forward, ConvPass::backward_src, ConvPass::backward_weights}) {
            cases.push_back(
                {block + "/convolution " + std::string(to_string(pass)),
                 [pass, number](Context& c, const GpuScale& s) { return engine_pass(c, pass, number, s); }});
        }
        cases.push_back({block + "/bias_relu_pool",
                         [number](Context& c, const GpuScale& s) { return pool_pass(c, number, true, s); }});
        cases.push_back({block + "/unpool",
                         [number](Context& c, const GpuScale& s) { return pool_pass(c, number, false, s); }});
    }
    return cases;
}

}  // namespace kickdrum
