// SPDX-License-Identifier: MIT
#include "nn/layers/residual_layer.h"

#include "kernels/ops/elementwise.h"

namespace kickdrum {

ResidualLayer::ResidualLayer(std::string name, std::unique_ptr<Sequential> body,
                             std::unique_ptr<Sequential> shortcut, Activation activation)
    : Layer(std::move(name)),
      body_(std::move(body)),
      shortcut_(std::move(shortcut)),
      activation_(activation) {
    require(!body_->empty(), "{}: its body has no layers", this->name());
    require(!needs_src(activation), "{}: {} isn't possible after the sum; add an activation layer instead",
            this->name(), to_string(activation));
}

Shape ResidualLayer::plan(Planning& planning, const Shape& src) {
    const int first = planning.tick;
    src_shape_ = src;
    dtype_ = planning.context.activation_dtype();
    dst_shape_ = body_->plan(planning, src);
    const Shape shortcut_shape = shortcut_->empty() ? src : shortcut_->plan(planning, src);
    require(shortcut_shape == dst_shape_, "{}: body gives {}, shortcut {}", name(), to_string(dst_shape_),
            to_string(shortcut_shape));
    ++planning.tick;
    const int last = planning.training ? backward_tick(first) : planning.tick;
    body_value_id_ = planning.memory.request(planning.activation_bytes(dst_shape_), first,
                                             body_->backward_reads_dst() ? last : planning.tick);
    if (!shortcut_->empty()) {
        shortcut_value_id_ = planning.memory.request(planning.activation_bytes(dst_shape_), first,
                                                     shortcut_->backward_reads_dst() ? last : planning.tick);
    }
    if (!planning.training) return dst_shape_;
    diff_sum_id_ =
        planning.memory.request(planning.activation_bytes(dst_shape_), backward_tick(planning.tick), last);
    diff_branch_id_ =
        planning.memory.request(planning.activation_bytes(src), backward_tick(planning.tick), last);
    return dst_shape_;
}

void ResidualLayer::bind(const Arena& arena, const ParameterStore& parameters) {
    body_->bind(arena, parameters);
    body_value_ = arena.tensor(body_value_id_, dst_shape_, dtype_);
    if (!shortcut_->empty()) {
        shortcut_->bind(arena, parameters);
        shortcut_value_ = arena.tensor(shortcut_value_id_, dst_shape_, dtype_);
    }
    diff_sum_ = arena.tensor(diff_sum_id_, dst_shape_, dtype_);
    diff_branch_ = arena.tensor(diff_branch_id_, src_shape_, dtype_);
}

void ResidualLayer::freeze(bool frozen) {
    Layer::freeze(frozen);
    body_->freeze(frozen);
    shortcut_->freeze(frozen);
}

void ResidualLayer::forward(Context& context, const Pass& pass, Tensor src, Tensor dst) {
    const Tensor body = body_value_.first_rows(src.rows());
    body_->forward(context, pass, src, body);
    Tensor shortcut = src;
    if (!shortcut_->empty()) {
        shortcut = shortcut_value_.first_rows(src.rows());
        shortcut_->forward(context, pass, src, shortcut);
    }
    add(context, body, shortcut, dst);
    activation_forward(context, activation_, dst, dst);
}

void ResidualLayer::backward(Context& context, const Pass& pass, Tensor src, Tensor dst, Tensor diff_dst,
                             Tensor diff_src) {
    const std::int64_t rows = src.rows();
    const Tensor diff_sum = diff_sum_.first_rows(rows);
    activation_backward(context, activation_, {}, dst, diff_dst, diff_sum);
    // In the mirrored order of forward: the memory plan frees the shortcut's blocks before the body's
    // backward.
    if (!shortcut_->empty()) {
        const Tensor diff_branch = diff_src ? diff_branch_.first_rows(rows) : Tensor{};
        shortcut_->backward(context, pass, src, shortcut_value_.first_rows(rows), diff_sum, diff_branch);
    }
    body_->backward(context, pass, src, body_value_.first_rows(rows), diff_sum, diff_src);
    if (diff_src) {
        const Tensor from_shortcut = shortcut_->empty() ? diff_sum : diff_branch_.first_rows(rows);
        add(context, diff_src, from_shortcut, diff_src);
    }
}

}  // namespace kickdrum
