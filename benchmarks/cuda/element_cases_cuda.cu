// SPDX-License-Identifier: MIT
// What a step does besides its layers' products, and layers of other networks: all bound by memory.
#include <string>

#include "benchmarks/cuda/gpu_bench.h"
#include "kernels/device/transfer.h"
#include "kernels/ops/activation.h"
#include "kernels/ops/batch_norm.h"
#include "kernels/ops/binary_cross_entropy.h"
#include "kernels/ops/dropout.h"
#include "kernels/ops/elementwise.h"
#include "kernels/ops/global_pool.h"
#include "kernels/ops/optimizer.h"
#include "kernels/ops/pool2d.h"
#include "kernels/ops/softmax_cross_entropy.h"

namespace kickdrum {
namespace {

constexpr std::int64_t kClasses = 5;

// The state of a step in the middle of a batch.
GpuTensor state_of(Context& context, const GpuScale& scale) {
    GpuTensor tensor(context, {static_cast<std::int64_t>(sizeof(StepState))}, DType::u8);
    const StepState state{.step = 10, .learning_rate = 1e-3F, .rows = static_cast<std::int32_t>(scale.batch)};
    upload(context, &state, tensor);
    return tensor;
}
StepState* pointer(const GpuTensor& state) {
    return static_cast<StepState*>(state.tensor().data);
}

// The weights of the main network: all but one in a hundred are those of the first dense layer.
std::int64_t parameter_count(const GpuScale& scale) {
    return scale.side / 8 * (scale.side / 8) * 128 * 256;
}
// What comes out of the second block.
Shape image(const GpuScale& scale) {
    return {scale.batch, scale.side / 4, scale.side / 4, 64};
}

GpuCall adam(Context& context, const GpuScale& scale) {
    const Shape flat{parameter_count(scale)};
    const GpuTensor w(context, flat), g(context, flat), m(context, flat), v(context, flat);
    const bool half = context.activation_dtype() == DType::bf16;
    const GpuTensor shadow(context, flat, DType::bf16);
    const GpuTensor state = state_of(context, scale);
    return {.run =
                [=, &context] {
                    adam_step(context, {}, pointer(state), w, g, m, v, half ? Tensor(shadow) : Tensor{});
                },
            .bytes = bytes_of({w, w, g, m, m, v, v}) + (half ? bytes_of({shadow}) : 0)};
}

GpuCall sgd(Context& context, const GpuScale& scale) {
    const Shape flat{parameter_count(scale)};
    const GpuTensor w(context, flat), g(context, flat), v(context, flat);
    const GpuTensor state = state_of(context, scale);
    return {.run = [=, &context] { sgd_step(context, {.momentum = 0.9}, pointer(state), w, g, v); },
            .bytes = bytes_of({w, w, g, v, v})};
}

GpuCall clip(Context& context, const GpuScale& scale) {
    const GpuTensor g(context, Shape{parameter_count(scale)});
    const GpuTensor scratch(context, Shape{static_cast<std::int64_t>(clip_scratch_bytes() / sizeof(float))});
    const GpuTensor state = state_of(context, scale);
    return {.run = [=, &context] { clip_by_global_norm(context, 1, g, scratch, pointer(state)); },
            .bytes = bytes_of({g})};
}

GpuCall loss(Context& context, const GpuScale& scale) {
    const Shape scores{scale.batch, kClasses};
    const GpuTensor logits(context, scores, context.activation_dtype()),
        diff(context, scores, context.activation_dtype());
    const GpuTensor probabilities(context, scores), weights(context, Shape{scale.batch}),
        rows(context, Shape{scale.batch});
    const GpuTensor labels(context, Shape{scale.batch}, DType::i32);
    const GpuTensor state = state_of(context, scale);
    return {.run =
                [=, &context] {
                    softmax_cross_entropy(context, {}, logits, labels, weights, pointer(state), probabilities,
                                          rows, diff);
                },
            .bytes = bytes_of({logits, diff, probabilities, weights, rows, labels})};
}

GpuCall set_loss(Context& context, const GpuScale& scale) {
    const Shape scores{scale.batch, kClasses};
    const GpuTensor logits(context, scores, context.activation_dtype()),
        diff(context, scores, context.activation_dtype());
    const GpuTensor probabilities(context, scores), weights(context, Shape{scale.batch}),
        rows(context, Shape{scale.batch});
    const GpuTensor labels(context, Shape{scale.batch}, DType::i32);
    const GpuTensor sets(context, Shape{16, kClasses}), class_weights(context, Shape{2, kClasses});
    const GpuTensor state = state_of(context, scale);
    return {.run =
                [=, &context] {
                    binary_cross_entropy(context, {}, {.present = sets, .class_weights = class_weights},
                                         logits, labels, weights, pointer(state), probabilities, rows, diff);
                },
            .bytes = bytes_of({logits, diff, probabilities, weights, rows, labels})};
}

GpuCall gather(Context& context, const GpuScale& scale) {
    const Shape clip{scale.batch, scale.side, scale.side, 1};
    const GpuTensor dataset(context, clip), batch(context, clip, context.activation_dtype());
    const GpuTensor rows(context, Shape{scale.batch}, DType::i32);
    std::vector<std::int32_t> order(static_cast<std::size_t>(scale.batch));
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<std::int32_t>(order.size() - 1 - i);
    upload(context, order.data(), rows);
    return {.run = [=, &context] { gather_rows(context, dataset, rows, batch); },
            .bytes = bytes_of({dataset, batch})};
}

// dst = f(src): two passes over an image.
template <class Run>
auto elementwise(Run run) {
    return [run](Context& context, const GpuScale& scale) -> GpuCall {
        const DType type = context.activation_dtype();
        const GpuTensor src(context, image(scale), type), dst(context, image(scale), type);
        const GpuTensor state = state_of(context, scale);
        return {.run = [=, &context] { run(context, src.tensor(), dst.tensor(), pointer(state)); },
                .bytes = bytes_of({src, dst})};
    };
}

GpuCall batch_norm(Context& context, bool forward, const GpuScale& scale) {
    const DType type = context.activation_dtype();
    const Shape shape = image(scale);
    const Shape channels{shape[3]};
    const GpuTensor src(context, shape, type), dst(context, shape, type), diff(context, shape, type);
    const GpuTensor gamma(context, channels), beta(context, channels), mean(context, channels),
        variance(context, channels);
    const GpuTensor saved_mean(context, channels), saved_inv_std(context, channels),
        diff_gamma(context, channels);
    const GpuTensor scratch(context, batch_norm_scratch_bytes(shape));
    const BatchNormParameters parameters{gamma, beta, mean, variance};
    if (forward) {
        return {.run =
                    [=, &context] {
                        batch_norm_forward_training(context, {}, src, parameters, dst, saved_mean,
                                                    saved_inv_std, nullptr, scratch);
                    },
                .bytes = bytes_of({src, src, dst}),
                .memory = std::pair(std::pair(gamma, beta), std::pair(mean, variance))};
    }
    return {.run =
                [=, &context] {
                    batch_norm_backward(context, {}, src, gamma, saved_mean, saved_inv_std, dst, diff,
                                        diff_gamma, beta, nullptr, scratch);
                },
            .bytes = bytes_of({src, src, dst, dst, diff})};
}

GpuCall max_pool(Context& context, bool forward, const GpuScale& scale) {
    const DType type = context.activation_dtype();
    const std::shared_ptr<Pool2d> op = make_pool2d(context, image(scale), {});
    const Shape pooled = pool2d_dst_shape(image(scale), {});
    const GpuTensor src(context, image(scale), type), dst(context, pooled, type),
        winner(context, pooled, DType::i32);
    return {.run =
                [=, &context] {
                    if (forward) return op->forward(context, src, dst, winner);
                    op->backward(context, dst, winner, src);
                },
            .bytes = bytes_of({src, dst, winner})};
}

GpuCall global_average(Context& context, const GpuScale& scale) {
    const DType type = context.activation_dtype();
    const GpuTensor src(context, image(scale), type), dst(context, {scale.batch, image(scale)[3]}, type);
    return {.run = [=, &context] { global_pool_forward(context, PoolKind::average, src, dst, {}); },
            .bytes = bytes_of({src, dst})};
}

}  // namespace

std::vector<GpuCase> element_cases() {
    const RandomStream stream = random_stream(1, "dropout");
    return {
        {"adam", adam},
        {"sgd, momentum", sgd},
        {"clip_by_global_norm", clip},
        {"softmax_cross_entropy", loss},
        {"binary_cross_entropy", set_loss},
        {"gather_rows", gather},
        {"copy", elementwise([](Context& c, Tensor src, Tensor dst, StepState*) { copy(c, src, dst); })},
        {"relu", elementwise([](Context& c, Tensor src, Tensor dst, StepState*) {
             activation_forward(c, Activation::relu, src, dst);
         })},
        {"gelu", elementwise([](Context& c, Tensor src, Tensor dst, StepState*) {
             activation_forward(c, Activation::gelu, src, dst);
         })},
        {"dropout", elementwise([stream](Context& c, Tensor src, Tensor dst, StepState* state) {
             dropout(c, 0.5F, stream, state, src, dst);
         })},
        {"batch_norm/forward", [](Context& c, const GpuScale& s) { return batch_norm(c, true, s); }},
        {"batch_norm/backward", [](Context& c, const GpuScale& s) { return batch_norm(c, false, s); }},
        {"max_pool2d/forward", [](Context& c, const GpuScale& s) { return max_pool(c, true, s); }},
        {"max_pool2d/backward", [](Context& c, const GpuScale& s) { return max_pool(c, false, s); }},
        {"global_average_pool2d", global_average},
    };
}

}  // namespace kickdrum
