// SPDX-License-Identifier: MIT
// Both directions go in three kernels: a block for each piece of the rows sums it up in double precision, a
// warp for each channel adds up the pieces and derives what the channel needs, and the blocks of the pieces
// map the elements. Pieces are those of batch_norm_rows_per_piece(), whatever the state says: rows that don't
// count add zeros, and the same graph serves every batch.
#include "kernels/ops/batch_norm.h"

#include <cmath>

#include "kernels/cuda/channel_sums.cuh"
#include "kernels/cuda/elements.cuh"

namespace kickdrum::cuda {
namespace {

// What scratch holds: for each piece two sums per channel, then four floats per channel.
struct Scratch {
    double* sums;
    float* values[4];

    Scratch(const Tensor& scratch, const ClipRows& plan) : sums(static_cast<double*>(scratch.data)) {
        auto* floats = static_cast<float*>(static_cast<void*>(sums + plan.pieces * 2 * plan.channels));
        for (int i = 0; i < 4; ++i) values[i] = floats + i * plan.channels;
    }
};

// Sums of src - pivot and of its squares, the pivot being the first row: near enough to the mean for the sum
// of squares about it to keep the variance's digits.
template <class T, int kSize>
__global__ void moment_sums_kernel(ClipRows plan, ChannelBlocks blocks, const T* __restrict__ src,
                                   const StepState* __restrict__ state, double* __restrict__ sums) {
    const ChannelThread me(blocks);
    const std::int64_t counted = plan.counted(state);
    double first[kSize] = {};
    double second[kSize] = {};
    Vector<T, kSize> pivot = {};
    if (me.works) pivot = load_vector<kSize>(src + me.channel);
    for_each_row<kSize>(plan, blocks, me, counted, [&](std::int64_t at) {
        const auto values = load_vector<kSize>(src + at);
#pragma unroll
        for (int j = 0; j < kSize; ++j) {
            const double value =
                static_cast<double>(to_float(values[j])) - static_cast<double>(to_float(pivot[j]));
            first[j] += value;
            second[j] += value * value;
        }
    });
    write_sums(first, second, plan, blocks, me, sums);
}

// Sums of diff_dst and of diff_dst * (src - mean).
template <class T, int kSize>
__global__ void gradient_sums_kernel(ClipRows plan, ChannelBlocks blocks, const T* __restrict__ src,
                                     const T* __restrict__ diff_dst, const float* __restrict__ mean,
                                     const StepState* __restrict__ state, double* __restrict__ sums) {
    const ChannelThread me(blocks);
    const std::int64_t counted = plan.counted(state);
    double first[kSize] = {};
    double second[kSize] = {};
    Vector<float, kSize> center = {};
#pragma unroll
    for (int j = 0; j < kSize; ++j) {
        if (me.works) center[j] = mean[me.channel + j];
    }
    for_each_row<kSize>(plan, blocks, me, counted, [&](std::int64_t at) {
        const auto values = load_vector<kSize>(src + at);
        const auto gradients = load_vector<kSize>(diff_dst + at);
#pragma unroll
        for (int j = 0; j < kSize; ++j) {
            const auto gradient = static_cast<double>(to_float(gradients[j]));
            first[j] += gradient;
            second[j] +=
                gradient * (static_cast<double>(to_float(values[j])) - static_cast<double>(center[j]));
        }
    });
    write_sums(first, second, plan, blocks, me, sums);
}

__device__ void update_moving(float* moving, float momentum, double moment) {
    const auto keep = static_cast<double>(momentum);
    *moving = static_cast<float>(static_cast<double>(*moving) * keep + moment * (1 - keep));
}

struct TrainingChannels {
    const float* gamma;
    const float* beta;
    float* moving_mean;
    float* moving_variance;
    float* saved_mean;
    float* saved_inv_std;
    float* scale;
    float* shift;
};

template <class T>
__global__ void moments_kernel(ClipRows plan, BatchNormSpec spec, const T* __restrict__ src,
                               const StepState* __restrict__ state, const double* __restrict__ sums,
                               TrainingChannels channels) {
    const std::int64_t counted = plan.counted(state);
    const auto count = static_cast<double>(max(counted, std::int64_t{1}));
    for_each_channel(plan, sums, [&](std::int64_t k, ChannelSums total) {
        const double offset = total.first / count;
        const double mean = static_cast<double>(to_float(src[k])) + offset;
        const double spread = total.second / count - offset * offset;
        const double variance = spread < 0 ? 0 : spread;  // a NaN passes
        const double inv_std = 1 / sqrt(variance + static_cast<double>(spec.epsilon));
        const auto rounded_mean = static_cast<float>(mean);
        channels.saved_mean[k] = rounded_mean;
        channels.saved_inv_std[k] = static_cast<float>(inv_std);
        // What rounding takes off the mean goes into the shift.
        const double scale = inv_std * static_cast<double>(channels.gamma[k]);
        const double rounded_off = mean - static_cast<double>(rounded_mean);
        channels.scale[k] = static_cast<float>(scale);
        channels.shift[k] = static_cast<float>(static_cast<double>(channels.beta[k]) - rounded_off * scale);
        if (counted == 0) return;
        update_moving(channels.moving_mean + k, spec.momentum, mean);
        update_moving(channels.moving_variance + k, spec.momentum, variance);
    });
}

struct GradientChannels {
    const float* gamma;
    const float* saved_inv_std;
    float* diff_gamma;
    float* diff_beta;
    float* scale;
    float* slope;
    float* offset;
};

// diff_src = gamma inv_std (dy - mean(dy) - x^ mean(dy x^)) with x^ = (x - mean) inv_std.
__global__ void gradients_kernel(ClipRows plan, const StepState* __restrict__ state,
                                 const double* __restrict__ sums, GradientChannels channels) {
    const auto count = static_cast<double>(max(plan.counted(state), std::int64_t{1}));
    const bool adds = plan.first_clip > 0;
    for_each_channel(plan, sums, [&](std::int64_t k, ChannelSums total) {
        const auto inv_std = static_cast<double>(channels.saved_inv_std[k]);
        const double scale = static_cast<double>(channels.gamma[k]) * inv_std;
        channels.diff_beta[k] = (adds ? channels.diff_beta[k] : 0) + static_cast<float>(total.first);
        channels.diff_gamma[k] =
            (adds ? channels.diff_gamma[k] : 0) + static_cast<float>(total.second * inv_std);
        channels.scale[k] = static_cast<float>(scale);
        channels.slope[k] = static_cast<float>(scale * inv_std * inv_std * total.second / count);
        channels.offset[k] = static_cast<float>(scale * total.first / count);
    });
}

// Per channel: dst = (src - center) * scale + shift.
template <int kSize>
struct Affine {
    float center[kSize];
    float scale[kSize];
    float shift[kSize];
};

// No __restrict__ on src and dst: in inference they may be the same. Rows that don't count become zeros.
template <class T, int kSize>
__device__ void normalize(const ClipRows& plan, const ChannelBlocks& blocks, const ChannelThread& me,
                          const Affine<kSize>& affine, const T* src, T* dst, std::int64_t counted) {
    for_each_row<kSize>(plan, blocks, me, counted, [&](std::int64_t at) {
        Vector<T, kSize> values = load_vector<kSize>(src + at);
#pragma unroll
        for (int j = 0; j < kSize; ++j) {
            const float value = (to_float(values[j]) - affine.center[j]) * affine.scale[j] + affine.shift[j];
            values[j] = from_float<T>(value);
        }
        store_vector(dst + at, values);
    });
    clear_padding<kSize>(plan, blocks, me, counted, dst);
}

template <class T, int kSize>
__global__ void normalize_kernel(ClipRows plan, ChannelBlocks blocks, const T* __restrict__ src,
                                 const StepState* __restrict__ state, TrainingChannels channels,
                                 T* __restrict__ dst) {
    const ChannelThread me(blocks);
    Affine<kSize> affine = {};
#pragma unroll
    for (int j = 0; j < kSize && me.works; ++j) {
        affine.center[j] = channels.saved_mean[me.channel + j];
        affine.scale[j] = channels.scale[me.channel + j];
        affine.shift[j] = channels.shift[me.channel + j];
    }
    normalize(plan, blocks, me, affine, src, dst, plan.counted(state));
}

template <class T, int kSize>
__global__ void inference_kernel(ClipRows plan, ChannelBlocks blocks, const T* src, TrainingChannels channels,
                                 float epsilon, T* dst) {
    const ChannelThread me(blocks);
    Affine<kSize> affine = {};
#pragma unroll
    for (int j = 0; j < kSize && me.works; ++j) {
        affine.center[j] = channels.moving_mean[me.channel + j];
        affine.scale[j] =
            channels.gamma[me.channel + j] / sqrtf(channels.moving_variance[me.channel + j] + epsilon);
        affine.shift[j] = channels.beta[me.channel + j];
    }
    normalize(plan, blocks, me, affine, src, dst, plan.rows);
}

// No __restrict__: diff_src may be diff_dst.
template <class T, int kSize>
__global__ void backward_kernel(ClipRows plan, ChannelBlocks blocks, const T* __restrict__ src,
                                const T* diff_dst, const float* __restrict__ mean, GradientChannels channels,
                                const StepState* __restrict__ state, T* diff_src) {
    const ChannelThread me(blocks);
    const std::int64_t counted = plan.counted(state);
    Affine<kSize> x = {};  // what is taken off: (src - center) * scale + shift
    float scale[kSize] = {};
#pragma unroll
    for (int j = 0; j < kSize && me.works; ++j) {
        x.center[j] = mean[me.channel + j];
        x.scale[j] = channels.slope[me.channel + j];
        x.shift[j] = channels.offset[me.channel + j];
        scale[j] = channels.scale[me.channel + j];
    }
    for_each_row<kSize>(plan, blocks, me, counted, [&](std::int64_t at) {
        const auto values = load_vector<kSize>(src + at);
        auto gradients = load_vector<kSize>(diff_dst + at);
#pragma unroll
        for (int j = 0; j < kSize; ++j) {
            const float taken = (to_float(values[j]) - x.center[j]) * x.scale[j] + x.shift[j];
            const float gradient = to_float(gradients[j]) * scale[j] - taken;
            gradients[j] = from_float<T>(gradient);
        }
        store_vector(diff_src + at, gradients);
    });
    clear_padding<kSize>(plan, blocks, me, counted, diff_src);
}

LaunchShape channel_warps(Context& context, const ClipRows& plan) {
    return elements_shape(context, plan.channels * kWarpSize);
}

ChannelBlocks piece_blocks(const ClipRows& plan, int size) {
    return {plan.channels, size, kSumThreads, kSumThreads};
}

}  // namespace

void batch_norm_forward_training(Context& context, const BatchNormSpec& spec, Tensor src,
                                 const BatchNormParameters& parameters, Tensor dst, Tensor saved_mean,
                                 Tensor saved_inv_std, const StepState* state, std::int64_t first_clip,
                                 Tensor scratch_memory) {
    const ClipRows plan(src, first_clip);
    const Scratch scratch(scratch_memory, plan);
    const TrainingChannels channels = {.gamma = parameters.gamma.f32(),
                                       .beta = parameters.beta.f32(),
                                       .moving_mean = parameters.moving_mean.f32(),
                                       .moving_variance = parameters.moving_variance.f32(),
                                       .saved_mean = saved_mean.f32(),
                                       .saved_inv_std = saved_inv_std.f32(),
                                       .scale = scratch.values[0],
                                       .shift = scratch.values[1]};
    with_vectors(src.dtype, plan.channels, {src.data, dst.data},
                 [&]<class T, int kSize>(std::type_identity<T>, VectorSize<kSize>) {
                     const ChannelBlocks blocks = piece_blocks(plan, kSize);
                     const LaunchShape shape = blocks.shape(plan.pieces);
                     launch(context, moment_sums_kernel<T, kSize>, shape, plan, blocks, data_of<T>(src),
                            state, scratch.sums);
                     launch(context, moments_kernel<T>, channel_warps(context, plan), plan, spec,
                            data_of<T>(src), state, scratch.sums, channels);
                     launch(context, normalize_kernel<T, kSize>, shape, plan, blocks, data_of<T>(src), state,
                            channels, data_of<T>(dst));
                 });
}

void batch_norm_forward_inference(Context& context, const BatchNormSpec& spec, Tensor src,
                                  const BatchNormParameters& parameters, Tensor dst) {
    const ClipRows plan(src);
    const TrainingChannels channels = {.gamma = parameters.gamma.f32(),
                                       .beta = parameters.beta.f32(),
                                       .moving_mean = parameters.moving_mean.f32(),
                                       .moving_variance = parameters.moving_variance.f32(),
                                       .saved_mean = nullptr,
                                       .saved_inv_std = nullptr,
                                       .scale = nullptr,
                                       .shift = nullptr};
    with_vectors(src.dtype, plan.channels, {src.data, dst.data},
                 [&]<class T, int kSize>(std::type_identity<T>, VectorSize<kSize>) {
                     const ChannelBlocks blocks = piece_blocks(plan, kSize);
                     launch(context, inference_kernel<T, kSize>, blocks.shape(plan.pieces), plan, blocks,
                            data_of<T>(src), channels, spec.epsilon, data_of<T>(dst));
                 });
}

void batch_norm_backward(Context& context, Tensor src, Tensor gamma, Tensor saved_mean, Tensor saved_inv_std,
                         Tensor diff_dst, Tensor diff_src, Tensor diff_gamma, Tensor diff_beta,
                         const StepState* state, std::int64_t first_clip, Tensor scratch_memory) {
    const ClipRows plan(src, first_clip);
    const Scratch scratch(scratch_memory, plan);
    const GradientChannels channels = {.gamma = gamma.f32(),
                                       .saved_inv_std = saved_inv_std.f32(),
                                       .diff_gamma = diff_gamma.f32(),
                                       .diff_beta = diff_beta.f32(),
                                       .scale = scratch.values[0],
                                       .slope = scratch.values[1],
                                       .offset = scratch.values[2]};
    with_vectors(src.dtype, plan.channels, {src.data, diff_dst.data, diff_src.data},
                 [&]<class T, int kSize>(std::type_identity<T>, VectorSize<kSize>) {
                     const ChannelBlocks blocks = piece_blocks(plan, kSize);
                     const LaunchShape shape = blocks.shape(plan.pieces);
                     launch(context, gradient_sums_kernel<T, kSize>, shape, plan, blocks, data_of<T>(src),
                            data_of<T>(diff_dst), saved_mean.f32(), state, scratch.sums);
                     launch(context, gradients_kernel, channel_warps(context, plan), plan, state,
                            scratch.sums, channels);
                     launch(context, backward_kernel<T, kSize>, shape, plan, blocks, data_of<T>(src),
                            data_of<T>(diff_dst), saved_mean.f32(), channels, state, data_of<T>(diff_src));
                 });
}

}  // namespace kickdrum::cuda
