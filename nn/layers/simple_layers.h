// SPDX-License-Identifier: MIT
// Layers without parameters or memory of their own: activation, dropout, flatten.
#pragma once

#include "kernels/ops/activation.h"
#include "nn/layers/layer.h"

namespace kickdrum {

class ActivationLayer : public Layer {
 public:
    ActivationLayer(std::string name, Activation function) : Layer(std::move(name)), function_(function) {}

    Shape plan(Planning&, const Shape& src) override { return src; }
    void bind(const Arena&, const ParameterStore&) override {}
    void forward(Context& context, const Pass&, Tensor src, Tensor dst) override {
        activation_forward(context, function_, src, dst);
    }
    void backward(Context& context, const Pass&, Tensor src, Tensor dst, Tensor diff_dst,
                  Tensor diff_src) override {
        if (diff_src) activation_backward(context, function_, src, dst, diff_dst, diff_src);
    }
    bool backward_reads_src() const override { return needs_src(function_); }
    bool backward_reads_dst() const override { return true; }
    bool works_in_place() const override { return !needs_src(function_); }

 private:
    Activation function_;
};

// Drops nothing outside training.
class DropoutLayer : public Layer {
 public:
    DropoutLayer(std::string name, double rate) : Layer(std::move(name)), rate_(static_cast<float>(rate)) {}

    Shape plan(Planning&, const Shape& src) override { return src; }
    void bind(const Arena&, const ParameterStore&) override {}
    void forward(Context& context, const Pass& pass, Tensor src, Tensor dst) override;
    void backward(Context& context, const Pass& pass, Tensor src, Tensor dst, Tensor diff_dst,
                  Tensor diff_src) override;
    bool backward_reads_src() const override { return false; }
    bool backward_reads_dst() const override { return false; }
    bool works_in_place() const override { return true; }

 private:
    float rate_;
};

// [n, h, w, c] -> [n, h w c], the same memory in the same order.
class FlattenLayer : public Layer {
 public:
    using Layer::Layer;

    Shape plan(Planning&, const Shape& src) override { return {src[0], src.row_count()}; }
    void bind(const Arena&, const ParameterStore&) override {}
    void forward(Context& context, const Pass& pass, Tensor src, Tensor dst) override;
    void backward(Context& context, const Pass& pass, Tensor src, Tensor dst, Tensor diff_dst,
                  Tensor diff_src) override;
    bool backward_reads_src() const override { return false; }
    bool backward_reads_dst() const override { return false; }
    bool works_in_place() const override { return true; }
};

}  // namespace kickdrum
