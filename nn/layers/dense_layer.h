// SPDX-License-Identifier: MIT
// Fully connected layer with its kernel and bias, alone or with the ReLU and the dropout that follow it, as
// one operation.
#pragma once

#include <memory>

#include "kernels/ops/dense.h"
#include "nn/layers/layer.h"

namespace kickdrum {

struct DenseLayerOptions {
    int units = 0;
    bool has_bias = true;
    bool relu = false;
    float dropout = 0;         // rate, behind ReLU
    std::string dropout_name;  // of its random stream
};

class DenseLayer : public Layer {
 public:
    DenseLayer(std::string name, DenseLayerOptions options, Initializers initial)
        : Layer(std::move(name)), options_(std::move(options)), initial_(initial) {}

    Shape plan(Planning& planning, const Shape& src) override;
    void bind(const Arena& arena, const ParameterStore& parameters) override;
    void forward(Context& context, const Pass& pass, Tensor src, Tensor dst) override;
    void backward(Context& context, const Pass& pass, Tensor src, Tensor dst, Tensor diff_dst,
                  Tensor diff_src) override;
    bool backward_reads_src() const override { return true; }
    bool backward_reads_dst() const override { return options_.relu; }
    std::string implementation() const override { return std::string(op_->implementation()); }

 private:
    DenseLayerOptions options_;
    Initializers initial_;
    std::unique_ptr<Dense> op_;
    ParameterId kernel_id_, bias_id_;
    BlockId forward_scratch_id_, backward_scratch_id_;
    Tensor kernel_, bias_, diff_kernel_, diff_bias_, forward_scratch_, backward_scratch_;
};

}  // namespace kickdrum
