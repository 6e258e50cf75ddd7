// SPDX-License-Identifier: MIT
// A chain of layers and the memory between them. A layer's dst is the next one's src; a block of memory lives
// only as long as somebody reads it, and in-place layers share one.
#pragma once

#include <memory>
#include <vector>

#include "nn/layers/layer.h"

namespace kickdrum {

class Sequential : public Layer {
 public:
    Sequential(std::string name, std::vector<std::unique_ptr<Layer>> layers)
        : Layer(std::move(name)), layers_(std::move(layers)) {}

    // src, dst and diff_dst belong to the caller: src and diff_dst are only read, dst is written once.
    // An empty chain isn't planned: use the identity instead.
    Shape plan(Planning& planning, const Shape& src) override;
    void bind(const Arena& arena, const ParameterStore& parameters) override;
    void forward(Context& context, const Pass& pass, Tensor src, Tensor dst) override;
    void backward(Context& context, const Pass& pass, Tensor src, Tensor dst, Tensor diff_dst,
                  Tensor diff_src) override;
    bool backward_reads_src() const override { return layers_.front()->backward_reads_src(); }
    bool takes_rows() const override { return layers_.front()->takes_rows(); }
    bool backward_reads_dst() const override { return layers_.back()->backward_reads_dst(); }

    void freeze(bool frozen) override;
    // The backward pass ends at this layer: no parameter below it learns. By default 0; the number of layers:
    // nothing learns.
    void end_backward_at(std::size_t layer) { backward_end_ = layer; }

    bool empty() const { return layers_.empty(); }
    const std::vector<std::unique_ptr<Layer>>& layers() const { return layers_; }

 private:
    // What lies between layer i and layer i + 1.
    struct Link {
        Shape shape;
        BlockId value;
        BlockId diff;
        Tensor value_tensor;
        Tensor diff_tensor;
    };
    bool value_in_place(std::size_t layer, bool training) const;
    bool diff_in_place(std::size_t layer) const;

    std::vector<std::unique_ptr<Layer>> layers_;
    std::size_t backward_end_ = 0;
    DType dtype_ = DType::f32;
    std::vector<Link> links_;  // layers_.size() - 1 of them
};

}  // namespace kickdrum
