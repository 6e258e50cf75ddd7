// SPDX-License-Identifier: MIT
// Pooling over windows (Pool2dLayer) and over whole images (GlobalPool2dLayer).
#pragma once

#include <memory>

#include "kernels/ops/global_pool.h"
#include "kernels/ops/pool2d.h"
#include "nn/layers/layer.h"

namespace kickdrum {

class Pool2dLayer : public Layer {
 public:
    Pool2dLayer(std::string name, const Pool2dSpec& spec) : Layer(std::move(name)), spec_(spec) {}

    Shape plan(Planning& planning, const Shape& src) override;
    void bind(const Arena& arena, const ParameterStore& parameters) override;
    void forward(Context& context, const Pass& pass, Tensor src, Tensor dst) override;
    void backward(Context& context, const Pass& pass, Tensor src, Tensor dst, Tensor diff_dst,
                  Tensor diff_src) override;
    bool backward_reads_src() const override { return false; }
    bool backward_reads_dst() const override { return false; }

 private:
    Tensor winner(std::int64_t rows) const { return winner_ ? winner_.first_rows(rows) : Tensor{}; }

    Pool2dSpec spec_;
    std::unique_ptr<Pool2d> op_;
    Shape dst_shape_;
    BlockId winner_id_;
    Tensor winner_;
};

class GlobalPool2dLayer : public Layer {
 public:
    GlobalPool2dLayer(std::string name, PoolKind kind) : Layer(std::move(name)), kind_(kind) {}

    Shape plan(Planning& planning, const Shape& src) override;
    void bind(const Arena& arena, const ParameterStore& parameters) override;
    void forward(Context& context, const Pass& pass, Tensor src, Tensor dst) override;
    void backward(Context& context, const Pass& pass, Tensor src, Tensor dst, Tensor diff_dst,
                  Tensor diff_src) override;
    bool backward_reads_src() const override { return false; }
    bool backward_reads_dst() const override { return false; }

 private:
    Tensor winner(std::int64_t rows) const { return winner_ ? winner_.first_rows(rows) : Tensor{}; }

    PoolKind kind_;
    Shape dst_shape_;
    BlockId winner_id_;
    Tensor winner_;
};

}  // namespace kickdrum
