// SPDX-License-Identifier: MIT
// Fully connected layer with its kernel and bias.
#pragma once

#include <memory>

#include "kernels/ops/dense.h"
#include "nn/layers/layer.h"

namespace kickdrum {

class DenseLayer : public Layer {
 public:
    DenseLayer(std::string name, int units, bool has_bias, Initializer kernel_initializer)
        : Layer(std::move(name)), units_(units), has_bias_(has_bias), kernel_initializer_(kernel_initializer) {}

    Shape plan(Planning& planning, const Shape& src) override;
    void bind(const Arena& arena, const ParameterStore& parameters) override;
    void forward(Context& context, const Pass& pass, Tensor src, Tensor dst) override;
    void backward(Context& context, const Pass& pass, Tensor src, Tensor dst, Tensor diff_dst,
                  Tensor diff_src) override;
    bool backward_reads_src() const override { return true; }
    bool backward_reads_dst() const override { return false; }
    std::string implementation() const override { return std::string(op_->implementation()); }

 private:
    int units_;
    bool has_bias_;
    Initializer kernel_initializer_;
    std::unique_ptr<Dense> op_;
    ParameterId kernel_id_, bias_id_;
    BlockId forward_scratch_id_, backward_scratch_id_;
    Tensor kernel_, bias_, diff_kernel_, diff_bias_, forward_scratch_, backward_scratch_;
};

}  // namespace kickdrum
