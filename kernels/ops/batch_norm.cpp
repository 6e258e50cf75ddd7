// SPDX-License-Identifier: MIT
#include "kernels/ops/batch_norm.h"

#include <algorithm>

#include "kernels/device/dispatch.h"
#include "kernels/ops/tensor_checks.h"

namespace kickdrum {
namespace {

constexpr std::int64_t kElementsPerPiece = 32768;
constexpr std::int64_t kRowsMultiple = 64;

Shape channels_of(const Context& context, const Tensor& src) {
    require_tensor(context, "batch_norm: src", src, activation_type(context, src));
    require(src.shape.rank() >= 2,
            "batch_norm: src must have at least 2 axes, the last of them channels, not {}", src.shape.rank());
    return {src.shape[src.shape.rank() - 1]};
}

void check_spec(const BatchNormSpec& spec) {
    require(spec.momentum >= 0 && spec.momentum <= 1, "batch_norm: the momentum must be in [0, 1], not {}",
            spec.momentum);
    require(spec.epsilon > 0, "batch_norm: epsilon must be positive, not {}", spec.epsilon);
    require(spec.statistics_size >= 0, "batch_norm: no statistics over {} clips", spec.statistics_size);
}

// What belongs to a group of clips that share their moments.
struct Group {
    std::int64_t first_clip;
    std::int64_t clips;
    std::int64_t number;

    Tensor rows(Tensor all) const {
        all.data = static_cast<std::byte*>(all.data) +
                   static_cast<std::size_t>(first_clip * all.shape.row_count()) * size_of(all.dtype);
        all.shape = all.shape.with_rows(clips);
        return all;
    }
    Tensor moments(Tensor all, const Shape& channels) const {
        all.data = all.f32() + number * channels[0];
        all.shape = channels;
        return all;
    }
};

template <class Task>
void for_each_group(const BatchNormSpec& spec, std::int64_t clips, const Task& task) {
    const std::int64_t groups = batch_norm_groups(spec, clips);
    const std::int64_t size = groups == 1 ? clips : spec.statistics_size;
    for (std::int64_t group = 0; group < groups; ++group) {
        const std::int64_t first = group * size;
        task(Group{first, std::min(size, clips - first), group});
    }
}

void check_saved(const Context& context, const BatchNormSpec& spec, const Tensor& src,
                 const Tensor& saved_mean, const Tensor& saved_inv_std, const Shape& channels) {
    const std::int64_t count = batch_norm_groups(spec, src.rows()) * channels[0];
    require_elements(context, "batch_norm: saved_mean", saved_mean, count);
    require_elements(context, "batch_norm: saved_inv_std", saved_inv_std, count);
}

void check_parameters(const Context& context, const BatchNormParameters& parameters, const Shape& channels) {
    require_tensor(context, "batch_norm: gamma", parameters.gamma, channels);
    require_tensor(context, "batch_norm: beta", parameters.beta, channels);
    require_tensor(context, "batch_norm: moving_mean", parameters.moving_mean, channels);
    require_tensor(context, "batch_norm: moving_variance", parameters.moving_variance, channels);
}

}  // namespace

std::int64_t batch_norm_groups(const BatchNormSpec& spec, std::int64_t clips) {
    if (spec.statistics_size == 0) return 1;
    return std::max<std::int64_t>((clips + spec.statistics_size - 1) / spec.statistics_size, 1);
}

std::int64_t batch_norm_rows_per_piece(std::int64_t channels) {
    return std::max<std::int64_t>(kElementsPerPiece / channels / kRowsMultiple, 1) * kRowsMultiple;
}

std::size_t batch_norm_scratch_bytes(const Shape& src) {
    require(src.rank() >= 2 && src.count() > 0, "batch_norm: no batch normalisation of a tensor of shape {}",
            to_string(src));
    const std::int64_t channels = src[src.rank() - 1];
    const std::int64_t rows_per_piece = batch_norm_rows_per_piece(channels);
    const std::int64_t pieces = (src.count() / channels + rows_per_piece - 1) / rows_per_piece;
    return static_cast<std::size_t>(channels) *
           (static_cast<std::size_t>(pieces) * 2 * sizeof(double) + 4 * sizeof(float));
}

void batch_norm_forward_training(Context& context, const BatchNormSpec& spec, Tensor src,
                                 const BatchNormParameters& parameters, Tensor dst, Tensor saved_mean,
                                 Tensor saved_inv_std, const StepState* state, Tensor scratch) {
    const Shape channels = channels_of(context, src);
    check_spec(spec);
    check_parameters(context, parameters, channels);
    require_tensor(context, "batch_norm: dst", dst, src.shape, src.dtype);
    require(dst.data != src.data, "batch_norm: in training dst can't be src, which backward needs");
    check_saved(context, spec, src, saved_mean, saved_inv_std, channels);
    require_scratch(context, "batch_norm: scratch", scratch, batch_norm_scratch_bytes(src.shape));
    for_each_group(spec, src.rows(), [&](const Group& group) {
        KICKDRUM_DISPATCH(
            context, batch_norm_forward_training(context, spec, group.rows(src), parameters, group.rows(dst),
                                                 group.moments(saved_mean, channels),
                                                 group.moments(saved_inv_std, channels), state,
                                                 group.first_clip, scratch));
    });
}

void batch_norm_forward_inference(Context& context, const BatchNormSpec& spec, Tensor src,
                                  const BatchNormParameters& parameters, Tensor dst) {
    const Shape channels = channels_of(context, src);
    check_spec(spec);
    check_parameters(context, parameters, channels);
    require_tensor(context, "batch_norm: dst", dst, src.shape, src.dtype);
    KICKDRUM_DISPATCH(context, batch_norm_forward_inference(context, spec, src, parameters, dst));
}

void batch_norm_backward(Context& context, const BatchNormSpec& spec, Tensor src, Tensor gamma,
                         Tensor saved_mean, Tensor saved_inv_std, Tensor diff_dst, Tensor diff_src,
                         Tensor diff_gamma, Tensor diff_beta, const StepState* state, Tensor scratch) {
    const Shape channels = channels_of(context, src);
    check_spec(spec);
    require_tensor(context, "batch_norm: gamma", gamma, channels);
    check_saved(context, spec, src, saved_mean, saved_inv_std, channels);
    require_tensor(context, "batch_norm: diff_dst", diff_dst, src.shape, src.dtype);
    require_tensor(context, "batch_norm: diff_src", diff_src, src.shape, src.dtype);
    require_tensor(context, "batch_norm: diff_gamma", diff_gamma, channels);
    require_tensor(context, "batch_norm: diff_beta", diff_beta, channels);
    require_scratch(context, "batch_norm: scratch", scratch, batch_norm_scratch_bytes(src.shape));
    for_each_group(spec, src.rows(), [&](const Group& group) {
        KICKDRUM_DISPATCH(
            context, batch_norm_backward(context, group.rows(src), gamma, group.moments(saved_mean, channels),
                                         group.moments(saved_inv_std, channels), group.rows(diff_dst),
                                         group.rows(diff_src), diff_gamma, diff_beta, state, group.first_clip,
                                         scratch));
    });
}

}  // namespace kickdrum
