// SPDX-License-Identifier: MIT
// Batch normalisation over all axes but the last (Keras BatchNormalization):
//   training:  mean, var = moments of src per channel (biased variance), inv_std = 1 / sqrt(var + epsilon)
//              dst = (src - mean) * inv_std * gamma + beta
//              moving = moving * momentum + moment * (1 - momentum)
//   inference: the moving moments instead
// src, dst: [n, ..., c]; everything else [c]. With statistics_size the batch is cut into groups of so many
// clips, the last one perhaps smaller: each has moments of its own, and moves the moving ones in its turn.
// saved_mean and saved_inv_std, [groups * c], are the workspace, kept until backward. dst may be src in inference. All outputs are overwritten (moving moments are updated). Sums are
// cut by shape: the same bits for every thread count. src, dst and their gradients are f32 or, on CUDA,
// bf16. state: with it, only the first state->rows rows of the batch count in the moments and get a gradient
// (the others get zeros); null: all of them.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/device/context.h"
#include "kernels/device/step_state.h"
#include "kernels/device/tensor.h"

namespace kickdrum {

struct BatchNormSpec {
    float momentum = 0.99F;
    float epsilon = 1e-3F;
    std::int64_t statistics_size = 0;  // clips that share their moments; 0: the whole batch
};

struct BatchNormParameters {
    Tensor gamma;
    Tensor beta;
    Tensor moving_mean;
    Tensor moving_variance;
};

// How many groups of clips have moments of their own.
std::int64_t batch_norm_groups(const BatchNormSpec& spec, std::int64_t clips);
// Scratch for any of the calls below on tensors of this shape or fewer rows: for each piece of the rows two
// doubles per channel (its sums), then four floats per channel.
std::size_t batch_norm_scratch_bytes(const Shape& src);
// How sums over [rows, channels] are cut, on every device: the pieces' sums are added up in order.
std::int64_t batch_norm_rows_per_piece(std::int64_t channels);

void batch_norm_forward_training(Context& context, const BatchNormSpec& spec, Tensor src,
                                 const BatchNormParameters& parameters, Tensor dst, Tensor saved_mean,
                                 Tensor saved_inv_std, const StepState* state, Tensor scratch);
void batch_norm_forward_inference(Context& context, const BatchNormSpec& spec, Tensor src,
                                  const BatchNormParameters& parameters, Tensor dst);
// diff_src may be diff_dst.
void batch_norm_backward(Context& context, const BatchNormSpec& spec, Tensor src, Tensor gamma,
                         Tensor saved_mean, Tensor saved_inv_std, Tensor diff_dst, Tensor diff_src,
                         Tensor diff_gamma, Tensor diff_beta, const StepState* state, Tensor scratch);

// The backend's half: arguments are checked already. A call takes one group, whose clips begin at first_clip
// of the batch: state->rows counts from there. The gradients of gamma and beta are added to what the groups
// before it gave. A group that is all padding changes nothing but dst and diff_src.
namespace cpu {
void batch_norm_forward_training(Context& context, const BatchNormSpec& spec, Tensor src,
                                 const BatchNormParameters& parameters, Tensor dst, Tensor saved_mean,
                                 Tensor saved_inv_std, const StepState* state, std::int64_t first_clip,
                                 Tensor scratch);
void batch_norm_forward_inference(Context& context, const BatchNormSpec& spec, Tensor src,
                                  const BatchNormParameters& parameters, Tensor dst);
void batch_norm_backward(Context& context, Tensor src, Tensor gamma, Tensor saved_mean, Tensor saved_inv_std,
                         Tensor diff_dst, Tensor diff_src, Tensor diff_gamma, Tensor diff_beta,
                         const StepState* state, std::int64_t first_clip, Tensor scratch);
}  // namespace cpu
namespace cuda {
void batch_norm_forward_training(Context& context, const BatchNormSpec& spec, Tensor src,
                                 const BatchNormParameters& parameters, Tensor dst, Tensor saved_mean,
                                 Tensor saved_inv_std, const StepState* state, std::int64_t first_clip,
                                 Tensor scratch);
void batch_norm_forward_inference(Context& context, const BatchNormSpec& spec, Tensor src,
                                  const BatchNormParameters& parameters, Tensor dst);
void batch_norm_backward(Context& context, Tensor src, Tensor gamma, Tensor saved_mean, Tensor saved_inv_std,
                         Tensor diff_dst, Tensor diff_src, Tensor diff_gamma, Tensor diff_beta,
                         const StepState* state, std::int64_t first_clip, Tensor scratch);
}  // namespace cuda

}  // namespace kickdrum
