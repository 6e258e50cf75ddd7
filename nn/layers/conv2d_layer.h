// SPDX-License-Identifier: MIT
// Convolution with its kernel and bias, alone (Conv2dLayer) or fused with ReLU and 2x2 max-pooling
// (ConvBlockLayer).
#pragma once

#include <memory>

#include "kernels/ops/conv2d.h"
#include "kernels/ops/conv_block.h"
#include "nn/layers/layer.h"

namespace kickdrum {

class Conv2dLayer : public Layer {
 public:
    Conv2dLayer(std::string name, const Conv2dSpec& spec, Initializers initial)
        : Layer(std::move(name)), spec_(spec), initial_(initial) {}

    Shape plan(Planning& planning, const Shape& src) override;
    void bind(const Arena& arena, const ParameterStore& parameters) override;
    void forward(Context& context, const Pass& pass, Tensor src, Tensor dst) override;
    void backward(Context& context, const Pass& pass, Tensor src, Tensor dst, Tensor diff_dst,
                  Tensor diff_src) override;
    bool backward_reads_src() const override { return true; }
    bool backward_reads_dst() const override { return false; }
    std::string implementation() const override { return std::string(op_->implementation()); }

 private:
    Conv2dSpec spec_;
    Initializers initial_;
    std::unique_ptr<Conv2d> op_;
    ParameterId kernel_id_, bias_id_;
    BlockId forward_scratch_id_, backward_scratch_id_;
    Tensor kernel_, bias_, diff_kernel_, diff_bias_, forward_scratch_, backward_scratch_;
};

class ConvBlockLayer : public Layer {
 public:
    ConvBlockLayer(std::string name, const ConvBlockSpec& spec, Initializers initial)
        : Layer(std::move(name)), spec_(spec), initial_(initial) {}

    Shape plan(Planning& planning, const Shape& src) override;
    void bind(const Arena& arena, const ParameterStore& parameters) override;
    void forward(Context& context, const Pass& pass, Tensor src, Tensor dst) override;
    void backward(Context& context, const Pass& pass, Tensor src, Tensor dst, Tensor diff_dst,
                  Tensor diff_src) override;
    bool backward_reads_src() const override { return true; }
    bool backward_reads_dst() const override { return false; }
    bool takes_rows() const override { return op_->takes_rows(); }
    std::string implementation() const override { return std::string(op_->implementation()); }

 private:
    ConvBlockSpec spec_;
    Initializers initial_;
    std::unique_ptr<ConvBlock> op_;
    Shape dst_shape_;
    ParameterId kernel_id_, bias_id_;
    BlockId winner_id_, forward_scratch_id_, backward_scratch_id_;
    Tensor kernel_, bias_, diff_kernel_, diff_bias_, winner_, forward_scratch_, backward_scratch_;
};

}  // namespace kickdrum
