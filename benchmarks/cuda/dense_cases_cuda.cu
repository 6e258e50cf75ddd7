// SPDX-License-Identifier: MIT
// The two dense layers: whole, the library's products in them, and the small one as a library alone makes it.
#include <string>

#include "benchmarks/cuda/gpu_bench.h"
#include "kernels/cuda/dense_steps.cuh"
#include "kernels/cuda/matmul_engine.cuh"
#include "kernels/ops/activation.h"
#include "kernels/ops/dropout.h"

namespace kickdrum {
namespace {

constexpr std::int64_t kHidden = 256;
constexpr std::int64_t kClasses = 5;

Arithmetic arithmetic_of(const Context& context) {
    return context.math() == Math::bf16   ? Arithmetic::bf16
           : context.math() == Math::tf32 ? Arithmetic::tf32
                                          : Arithmetic::fp32;
}

DenseSpec spec_of(bool first, const GpuScale& scale) {
    const std::int64_t side = scale.side / 8;
    if (first) return {scale.batch, side * side * 128, kHidden, true, true, 0.5F};
    return {scale.batch, kHidden, kClasses};
}

struct Layer {
    Layer(Context& context, const DenseSpec& s)
        : spec(s),
          type(context.activation_dtype()),
          op(make_dense(context, s)),
          src(context, {s.rows, s.in}, type),
          weights(context, {s.in, s.out}, type),
          bias(context, Shape{s.out}),
          dst(context, {s.rows, s.out}, type),
          diff_dst(context, {s.rows, s.out}, type),
          diff_src(context, {s.rows, s.in}, type),
          diff_weights(context, {s.in, s.out}),
          diff_bias(context, Shape{s.out}),
          product(context, {s.rows, s.out}),
          scratch(context, op->scratch_bytes()),
          state(context, {static_cast<std::int64_t>(sizeof(StepState))}, DType::u8) {}

    DenseDropout mask() const {
        return {random_stream(1, "dropout"), static_cast<const StepState*>(state.tensor().data)};
    }
    double flops() const { return 2.0 * static_cast<double>(spec.rows * spec.in * spec.out); }

    DenseSpec spec;
    DType type;
    std::shared_ptr<Dense> op;
    GpuTensor src, weights, bias, dst, diff_dst, diff_src, diff_weights, diff_bias, product, scratch, state;
};

GpuCall layer_forward(Context& context, bool first, const GpuScale& scale) {
    const auto layer = std::make_shared<Layer>(context, spec_of(first, scale));
    const Layer& x = *layer;
    return {.run =
                [&context, layer] {
                    layer->op->forward(context, layer->src, layer->weights, layer->bias, layer->dst,
                                       layer->scratch, layer->mask());
                },
            .bytes = bytes_of({x.src, x.weights, x.dst}) + (first ? bytes_of({x.product, x.product}) : 0),
            .flops = x.flops(),
            .arithmetic = first ? arithmetic_of(context) : Arithmetic::fp32,
            .label = std::string(x.op->implementation()),
            .memory = layer};
}

GpuCall layer_backward(Context& context, bool first, const GpuScale& scale) {
    const auto layer = std::make_shared<Layer>(context, spec_of(first, scale));
    const Layer& x = *layer;
    return {.run =
                [&context, layer] {
                    layer->op->backward(context, layer->src, layer->dst, layer->diff_dst, layer->weights,
                                        layer->diff_weights, layer->diff_bias, layer->diff_src,
                                        layer->scratch);
                },
            .bytes = bytes_of({x.src, x.weights, x.diff_dst, x.diff_dst, x.diff_src, x.diff_weights}) +
                     (first ? bytes_of({x.dst, x.dst, x.dst}) : 0),
            .flops = 2 * x.flops(),
            .arithmetic = first ? arithmetic_of(context) : Arithmetic::fp32,
            .label = std::string(x.op->implementation()),
            .memory = layer};
}

// A product by the library.
GpuCall product(Context& context, cuda::MatmulProblem problem) {
    problem.operands = context.activation_dtype();
    problem.math = context.math();
    const std::shared_ptr<cuda::MatmulEngine> engine = cuda::make_matmul_engine(context, problem);
    const GpuTensor a(context, problem.a_shape(), problem.operands);
    const GpuTensor b(context, problem.b_shape(), problem.operands);
    const GpuTensor bias(context, Shape{problem.n});
    const GpuTensor out(context, {problem.m, problem.n}, problem.result);
    const GpuTensor scratch(context, engine->scratch_bytes());
    const Tensor extra = problem.extra == cuda::MatmulExtra::none ? Tensor{} : Tensor(bias);
    return {.run = [=, &context] { engine->execute(context, a, b, extra, out, scratch); },
            .bytes = bytes_of({a, b, out}),
            .flops = 2.0 * static_cast<double>(problem.m * problem.n * problem.k),
            .arithmetic = arithmetic_of(context),
            .label = std::string(engine->description()),
            .memory = bias};
}

GpuCall finish(Context& context, const GpuScale& scale) {
    const auto layer = std::make_shared<Layer>(context, spec_of(true, scale));
    return {.run =
                [&context, layer] {
                    cuda::finish_dense(context, 0.5F, layer->mask(), layer->product.tensor().f32(),
                                       layer->bias, layer->dst);
                },
            .bytes = bytes_of({layer->product, layer->dst}),
            .label = {},
            .memory = layer};
}

GpuCall begin_backward(Context& context, const GpuScale& scale) {
    const auto layer = std::make_shared<Layer>(context, spec_of(true, scale));
    return {.run =
                [&context, layer] {
                    cuda::begin_dense_backward(context, 2, layer->dst, layer->diff_dst, layer->diff_dst,
                                               layer->diff_bias);
                },
            .bytes = bytes_of({layer->dst, layer->diff_dst, layer->diff_dst}),
            .label = {},
            .memory = layer};
}

// The same in three: what a framework launches that fuses nothing.
GpuCall finish_unfused(Context& context, const GpuScale& scale) {
    const auto layer = std::make_shared<Layer>(context, spec_of(true, scale));
    return {.run =
                [&context, layer] {
                    activation_forward(context, Activation::relu, layer->dst, layer->dst);
                    dropout(context, 0.5F, layer->mask().stream, layer->mask().state, layer->dst, layer->dst);
                },
            .bytes = bytes_of({layer->dst, layer->dst, layer->dst, layer->dst}),
            .label = {},
            .memory = layer};
}

}  // namespace

std::vector<GpuCase> dense_cases() {
    using cuda::MatmulExtra;
    const auto of = [](bool first, GpuCall (*make)(Context&, bool, const GpuScale&)) {
        return [=](Context& context, const GpuScale& scale) { return make(context, first, scale); };
    };
    const auto products = [](auto problem_of) {
        return [=](Context& context, const GpuScale& scale) {
            return product(context, problem_of(context, scale));
        };
    };
    const auto features = [](const GpuScale& scale) { return spec_of(true, scale).in; };
    return {
        {"dense_1/forward", of(true, layer_forward)},
        {"dense_1/backward", of(true, layer_backward)},
        {"dense_1/product forward", products([=](Context&, const GpuScale& s) {
             return cuda::MatmulProblem{.m = s.batch, .n = kHidden, .k = features(s)};
         })},
        {"dense_1/product weight gradient", products([=](Context&, const GpuScale& s) {
             return cuda::MatmulProblem{.m = features(s), .n = kHidden, .k = s.batch, .transpose_a = true};
         })},
        {"dense_1/product data gradient", products([=](Context& c, const GpuScale& s) {
             return cuda::MatmulProblem{.m = s.batch,
                                        .n = features(s),
                                        .k = kHidden,
                                        .transpose_b = true,
                                        .result = c.activation_dtype()};
         })},
        {"dense_1/bias+relu+dropout", finish},
        {"dense_1/bias+relu+dropout/peer: relu and dropout apart", finish_unfused},
        {"dense_1/bias+relu+dropout gradient", begin_backward},
        {"dense_2/forward", of(false, layer_forward)},
        {"dense_2/forward/peer: library's product", products([](Context&, const GpuScale& s) {
             return cuda::MatmulProblem{
                 .m = s.batch, .n = kClasses, .k = kHidden, .extra = MatmulExtra::bias};
         })},
        {"dense_2/backward", of(false, layer_backward)},
        {"dense_2/backward/peer: library's weight gradient", products([](Context&, const GpuScale& s) {
             return cuda::MatmulProblem{.m = kHidden,
                                        .n = kClasses,
                                        .k = s.batch,
                                        .transpose_a = true,
                                        .extra = MatmulExtra::column_sums};
         })},
    };
}

}  // namespace kickdrum
