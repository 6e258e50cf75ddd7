// SPDX-License-Identifier: MIT
#include "nn/layers/pool_layer.h"

namespace kickdrum {

Shape Pool2dLayer::plan(Planning& planning, const Shape& src) {
    op_ = make_pool2d(planning.context, src, spec_);
    dst_shape_ = pool2d_dst_shape(src, spec_);
    if (spec_.kind == PoolKind::max) {
        winner_id_ = planning.workspace(static_cast<std::size_t>(dst_shape_.count()) * size_of(DType::i32));
    }
    return dst_shape_;
}

void Pool2dLayer::bind(const Arena& arena, const ParameterStore&) {
    if (winner_id_.valid()) winner_ = arena.tensor(winner_id_, dst_shape_, DType::i32);
}

void Pool2dLayer::forward(Context& context, const Pass&, Tensor src, Tensor dst) {
    op_->forward(context, src, dst, winner(dst.rows()));
}

void Pool2dLayer::backward(Context& context, const Pass&, Tensor, Tensor, Tensor diff_dst, Tensor diff_src) {
    if (diff_src) op_->backward(context, diff_dst, winner(diff_dst.rows()), diff_src);
}

Shape GlobalPool2dLayer::plan(Planning& planning, const Shape& src) {
    dst_shape_ = {src[0], src[3]};
    if (kind_ == PoolKind::max) {
        winner_id_ = planning.workspace(static_cast<std::size_t>(dst_shape_.count()) * size_of(DType::i32));
    }
    return dst_shape_;
}

void GlobalPool2dLayer::bind(const Arena& arena, const ParameterStore&) {
    if (winner_id_.valid()) winner_ = arena.tensor(winner_id_, dst_shape_, DType::i32);
}

void GlobalPool2dLayer::forward(Context& context, const Pass&, Tensor src, Tensor dst) {
    global_pool_forward(context, kind_, src, dst, winner(dst.rows()));
}

void GlobalPool2dLayer::backward(Context& context, const Pass&, Tensor, Tensor, Tensor diff_dst,
                                 Tensor diff_src) {
    if (diff_src) global_pool_backward(context, kind_, diff_dst, winner(diff_dst.rows()), diff_src);
}

}  // namespace kickdrum
