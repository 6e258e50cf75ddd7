// SPDX-License-Identifier: MIT
// Residual block: dst = activation(body(src) + shortcut(src)); without a shortcut chain, src itself is added.
#pragma once

#include <memory>

#include "kernels/ops/activation.h"
#include "nn/layers/sequential.h"

namespace kickdrum {

class ResidualLayer : public Layer {
 public:
    // The activation must be one whose gradient follows from its result (not gelu or silu).
    ResidualLayer(std::string name, std::unique_ptr<Sequential> body, std::unique_ptr<Sequential> shortcut,
                  Activation activation);

    Shape plan(Planning& planning, const Shape& src) override;
    void bind(const Arena& arena, const ParameterStore& parameters) override;
    void forward(Context& context, const Pass& pass, Tensor src, Tensor dst) override;
    void backward(Context& context, const Pass& pass, Tensor src, Tensor dst, Tensor diff_dst,
                  Tensor diff_src) override;
    bool backward_reads_src() const override { return true; }
    bool backward_reads_dst() const override { return true; }

    void freeze(bool frozen) override;

    const Sequential& body() const { return *body_; }
    const Sequential& shortcut() const { return *shortcut_; }

 private:
    std::unique_ptr<Sequential> body_;
    std::unique_ptr<Sequential> shortcut_;  // may be empty: the identity
    Activation activation_;
    DType dtype_ = DType::f32;
    Shape src_shape_, dst_shape_;
    // Results of both branches, kept to backward where a branch's last layer reads its own result there.
    BlockId body_value_id_, shortcut_value_id_;
    BlockId diff_sum_id_, diff_branch_id_;
    Tensor body_value_, shortcut_value_, diff_sum_, diff_branch_;
};

}  // namespace kickdrum
