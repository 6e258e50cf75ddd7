// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>

#include "kernels/cpu/batch_norm_kernels.h"
#include "kernels/ops/batch_norm.h"

namespace kickdrum::cpu {
namespace {

// [rows, channels] of a tensor, cut into pieces.
struct Rows {
    std::int64_t rows;
    std::int64_t channels;
    std::int64_t rows_per_piece;
    std::int64_t pieces;

    explicit Rows(const Tensor& src)
        : rows(0),
          channels(src.shape[src.shape.rank() - 1]),
          rows_per_piece(batch_norm_rows_per_piece(channels)) {
        rows = src.count() / channels;
        pieces = (rows + rows_per_piece - 1) / rows_per_piece;
    }

    // Calls task(piece, first element, rows of the piece).
    template <class Task>
    void for_each_piece(Context& context, const Task& task) const {
        context.pool().parallel_for(pieces, [&](std::int64_t piece, int) {
            const std::int64_t first = piece * rows_per_piece;
            task(piece, first * channels, std::min(rows_per_piece, rows - first));
        });
    }
};

// What scratch holds: the sums of the pieces, then four floats per channel.
struct Scratch {
    double* sums;
    float* values[4];

    Scratch(const Tensor& scratch, const Rows& plan) : sums(static_cast<double*>(scratch.data)) {
        auto* floats = static_cast<float*>(static_cast<void*>(sums + plan.pieces * 2 * plan.channels));
        for (int i = 0; i < 4; ++i) values[i] = floats + i * plan.channels;
    }

    double* of_piece(const Rows& plan, std::int64_t piece) const { return sums + piece * 2 * plan.channels; }

    // Adds the pieces up, in order, into the first one: two sums for each channel.
    void add_up(const Rows& plan) const {
        for (std::int64_t piece = 1; piece < plan.pieces; ++piece) {
            const double* addend = of_piece(plan, piece);
            for (std::int64_t i = 0; i < 2 * plan.channels; ++i) sums[i] += addend[i];
        }
    }
};

// The rows of the group that count; those after them are padding.
std::int64_t counted_rows(const StepState* state, std::int64_t first_clip, const Tensor& src) {
    if (state == nullptr) return src.rows();
    return std::clamp<std::int64_t>(state->rows - first_clip, 0, src.rows());
}

void clear_padding(const Tensor& dst, std::int64_t counted) {
    std::fill(dst.f32() + counted * dst.shape.row_count(), dst.f32() + dst.count(), 0.0F);
}

void update_moving(Tensor moving, std::int64_t channel, float momentum, double moment) {
    float& value = moving.f32()[channel];
    const auto keep = static_cast<double>(momentum);
    value = static_cast<float>(static_cast<double>(value) * keep + moment * (1 - keep));
}

}  // namespace

void batch_norm_forward_training(Context& context, const BatchNormSpec& spec, Tensor src,
                                 const BatchNormParameters& parameters, Tensor dst, Tensor saved_mean,
                                 Tensor saved_inv_std, const StepState* state, std::int64_t first_clip,
                                 Tensor scratch_memory) {
    const BatchNormKernels& kernels = batch_norm_kernels(context.simd());
    const std::int64_t counted = counted_rows(state, first_clip, src);
    clear_padding(dst, counted);
    if (counted == 0) return;
    const Rows plan(src.first_rows(counted));
    const Scratch scratch(scratch_memory, plan);
    // The first row is near enough to the mean for the sum of squares about it to keep the variance's digits.
    const float* const pivot = src.f32();
    plan.for_each_piece(context, [&](std::int64_t piece, std::int64_t at, std::int64_t rows) {
        kernels.moment_sums(src.f32() + at, pivot, rows, plan.channels, scratch.of_piece(plan, piece));
    });
    scratch.add_up(plan);

    const auto count = static_cast<double>(plan.rows);
    const AffineChannels affine = {saved_mean.f32(), scratch.values[0], scratch.values[1]};
    for (std::int64_t k = 0; k < plan.channels; ++k) {
        const double offset = scratch.sums[k] / count;
        const double mean = static_cast<double>(pivot[k]) + offset;
        const double variance = std::max(scratch.sums[plan.channels + k] / count - offset * offset, 0.0);
        const double inv_std = 1 / std::sqrt(variance + static_cast<double>(spec.epsilon));
        saved_mean.f32()[k] = static_cast<float>(mean);
        saved_inv_std.f32()[k] = static_cast<float>(inv_std);
        // What rounding takes off the mean goes into the shift.
        const double scale = inv_std * static_cast<double>(parameters.gamma.f32()[k]);
        const double rounded_off = mean - static_cast<double>(saved_mean.f32()[k]);
        scratch.values[0][k] = static_cast<float>(scale);
        scratch.values[1][k] =
            static_cast<float>(static_cast<double>(parameters.beta.f32()[k]) - rounded_off * scale);
        update_moving(parameters.moving_mean, k, spec.momentum, mean);
        update_moving(parameters.moving_variance, k, spec.momentum, variance);
    }
    plan.for_each_piece(context, [&](std::int64_t, std::int64_t at, std::int64_t rows) {
        kernels.normalize(affine, src.f32() + at, dst.f32() + at, rows, plan.channels);
    });
}

void batch_norm_forward_inference(Context& context, const BatchNormSpec& spec, Tensor src,
                                  const BatchNormParameters& parameters, Tensor dst) {
    const BatchNormKernels& kernels = batch_norm_kernels(context.simd());
    const Rows plan(src);
    const MovingMoments moments = {.mean = parameters.moving_mean.f32(),
                                   .variance = parameters.moving_variance.f32(),
                                   .gamma = parameters.gamma.f32(),
                                   .beta = parameters.beta.f32(),
                                   .epsilon = spec.epsilon};
    plan.for_each_piece(context, [&](std::int64_t, std::int64_t at, std::int64_t rows) {
        kernels.normalize_moving(moments, src.f32() + at, dst.f32() + at, rows, plan.channels);
    });
}

void batch_norm_backward(Context& context, Tensor src, Tensor gamma, Tensor saved_mean, Tensor saved_inv_std,
                         Tensor diff_dst, Tensor diff_src, Tensor diff_gamma, Tensor diff_beta,
                         const StepState* state, std::int64_t first_clip, Tensor scratch_memory) {
    const BatchNormKernels& kernels = batch_norm_kernels(context.simd());
    const std::int64_t counted = counted_rows(state, first_clip, src);
    clear_padding(diff_src, counted);
    if (counted == 0) return;
    const Rows plan(src.first_rows(counted));
    const Scratch scratch(scratch_memory, plan);
    plan.for_each_piece(context, [&](std::int64_t piece, std::int64_t at, std::int64_t rows) {
        kernels.gradient_sums(src.f32() + at, diff_dst.f32() + at, saved_mean.f32(), rows, plan.channels,
                              scratch.of_piece(plan, piece));
    });
    scratch.add_up(plan);

    // diff_src = gamma inv_std (dy - mean(dy) - x^ mean(dy x^)) with x^ = (x - mean) inv_std.
    const auto count = static_cast<double>(plan.rows);
    const BatchNormGradient gradient = {saved_mean.f32(), scratch.values[0], scratch.values[1],
                                        scratch.values[2]};
    for (std::int64_t k = 0; k < plan.channels; ++k) {
        const double sum = scratch.sums[k];
        const double product = scratch.sums[plan.channels + k];
        const auto inv_std = static_cast<double>(saved_inv_std.f32()[k]);
        const double scale = static_cast<double>(gamma.f32()[k]) * inv_std;
        const bool adds = first_clip > 0;
        diff_beta.f32()[k] = (adds ? diff_beta.f32()[k] : 0) + static_cast<float>(sum);
        diff_gamma.f32()[k] = (adds ? diff_gamma.f32()[k] : 0) + static_cast<float>(product * inv_std);
        scratch.values[0][k] = static_cast<float>(scale);
        scratch.values[1][k] = static_cast<float>(scale * inv_std * inv_std * product / count);
        scratch.values[2][k] = static_cast<float>(scale * sum / count);
    }
    plan.for_each_piece(context, [&](std::int64_t, std::int64_t at, std::int64_t rows) {
        kernels.backward(gradient, src.f32() + at, diff_dst.f32() + at, diff_src.f32() + at, rows,
                         plan.channels);
    });
}

}  // namespace kickdrum::cpu
