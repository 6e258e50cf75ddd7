// SPDX-License-Identifier: MIT
// Batch normalisation with gamma, beta and the moving moments. Uses the batch's moments in training, the moving ones
// otherwise.
#pragma once

#include "kernels/ops/batch_norm.h"
#include "nn/layers/layer.h"

namespace kickdrum {

class BatchNormLayer : public Layer {
 public:
    BatchNormLayer(std::string name, const BatchNormSpec& spec) : Layer(std::move(name)), spec_(spec) {}

    Shape plan(Planning& planning, const Shape& src) override;
    void bind(const Arena& arena, const ParameterStore& parameters) override;
    void forward(Context& context, const Pass& pass, Tensor src, Tensor dst) override;
    void backward(Context& context, const Pass& pass, Tensor src, Tensor dst, Tensor diff_dst,
                  Tensor diff_src) override;
    bool backward_reads_src() const override { return true; }
    bool backward_reads_dst() const override { return false; }

 private:
    Tensor saved(Tensor moments, const Tensor& src) const;

    BatchNormSpec spec_;
    std::int64_t channels_ = 0;
    std::int64_t saved_count_ = 0;  // moments of all groups of a full batch
    ParameterId gamma_id_, beta_id_, moving_mean_id_, moving_variance_id_;
    BlockId saved_id_, forward_scratch_id_, backward_scratch_id_;
    BatchNormParameters parameters_;
    Tensor diff_gamma_, diff_beta_, saved_mean_, saved_inv_std_, forward_scratch_, backward_scratch_;
};

}  // namespace kickdrum
