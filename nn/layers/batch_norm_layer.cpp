// SPDX-License-Identifier: MIT
#include "nn/layers/batch_norm_layer.h"

#include "kernels/ops/elementwise.h"

namespace kickdrum {

Shape BatchNormLayer::plan(Planning& planning, const Shape& src) {
    channels_ = src[src.rank() - 1];
    const Shape shape{channels_};
    auto& parameters = planning.parameters;
    gamma_id_ = parameters.declare(name() + "/gamma", shape, ParameterKind::offset, Initializer::ones);
    beta_id_ = parameters.declare(name() + "/beta", shape, ParameterKind::offset, Initializer::zeros);
    moving_mean_id_ =
        parameters.declare(name() + "/moving_mean", shape, ParameterKind::state, Initializer::zeros);
    moving_variance_id_ =
        parameters.declare(name() + "/moving_variance", shape, ParameterKind::state, Initializer::ones);
    saved_count_ = batch_norm_groups(spec_, src[0]) * channels_;
    saved_id_ = planning.workspace(2 * static_cast<std::size_t>(saved_count_) * sizeof(float));
    forward_scratch_id_ = planning.forward_scratch(batch_norm_scratch_bytes(src));
    backward_scratch_id_ = planning.backward_scratch(batch_norm_scratch_bytes(src));
    return src;
}

void BatchNormLayer::bind(const Arena& arena, const ParameterStore& parameters) {
    parameters_ = {.gamma = parameters.value(gamma_id_),
                   .beta = parameters.value(beta_id_),
                   .moving_mean = parameters.value(moving_mean_id_),
                   .moving_variance = parameters.value(moving_variance_id_)};
    diff_gamma_ = parameters.gradient(gamma_id_);
    diff_beta_ = parameters.gradient(beta_id_);
    saved_mean_ = arena.tensor(saved_id_, {2, saved_count_});
    saved_mean_.shape = {saved_count_};
    saved_inv_std_ = saved_mean_;
    saved_inv_std_.data = saved_mean_.f32() + saved_count_;
    forward_scratch_ = arena.scratch(forward_scratch_id_);
    backward_scratch_ = arena.scratch(backward_scratch_id_);
}

// A smaller batch has fewer groups.
Tensor BatchNormLayer::saved(Tensor moments, const Tensor& src) const {
    moments.shape = {batch_norm_groups(spec_, src.rows()) * channels_};
    return moments;
}

void BatchNormLayer::forward(Context& context, const Pass& pass, Tensor src, Tensor dst) {
    if (pass.training && !frozen()) {
        batch_norm_forward_training(context, spec_, src, parameters_, dst, saved(saved_mean_, src),
                                    saved(saved_inv_std_, src), pass.state, forward_scratch_);
    } else {
        batch_norm_forward_inference(context, spec_, src, parameters_, dst);
    }
}

void BatchNormLayer::backward(Context& context, const Pass& pass, Tensor src, Tensor, Tensor diff_dst,
                              Tensor diff_src) {
    if (frozen()) {
        // Normalising by constants is linear; with zeros for what it subtracts and adds it's its own gradient.
        fill(context, 0, diff_beta_);
        if (!diff_src) return;
        batch_norm_forward_inference(context, spec_, diff_dst,
                                     {.gamma = parameters_.gamma,
                                      .beta = diff_beta_,
                                      .moving_mean = diff_beta_,
                                      .moving_variance = parameters_.moving_variance},
                                     diff_src);
        return;
    }
    // The first layer of a network has nobody to give diff_src to; diff_dst is spent by then and takes it.
    batch_norm_backward(context, spec_, src, parameters_.gamma, saved(saved_mean_, src),
                        saved(saved_inv_std_, src), diff_dst, diff_src ? diff_src : diff_dst, diff_gamma_,
                        diff_beta_, pass.state, backward_scratch_);
}

}  // namespace kickdrum
