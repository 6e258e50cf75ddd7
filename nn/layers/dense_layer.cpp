// SPDX-License-Identifier: MIT
#include "nn/layers/dense_layer.h"

namespace kickdrum {

Shape DenseLayer::plan(Planning& planning, const Shape& src) {
    op_ = make_dense(planning.context, {.rows = src[0], .in = src[1], .out = units_, .has_bias = has_bias_});
    kernel_id_ = planning.parameters.declare(name() + "/kernel", {src[1], units_}, ParameterKind::weights,
                                             kernel_initializer_);
    if (has_bias_) {
        bias_id_ = planning.parameters.declare(name() + "/bias", {units_}, ParameterKind::offset,
                                               Initializer::zeros);
    }
    forward_scratch_id_ = planning.forward_scratch(op_->scratch_bytes());
    backward_scratch_id_ = planning.backward_scratch(op_->scratch_bytes());
    return {src[0], units_};
}

void DenseLayer::bind(const Arena& arena, const ParameterStore& parameters) {
    kernel_ = parameters.operand(kernel_id_);
    diff_kernel_ = parameters.gradient(kernel_id_);
    if (has_bias_) {
        bias_ = parameters.value(bias_id_);
        diff_bias_ = parameters.gradient(bias_id_);
    }
    forward_scratch_ = arena.scratch(forward_scratch_id_);
    backward_scratch_ = arena.scratch(backward_scratch_id_);
}

void DenseLayer::forward(Context& context, const Pass&, Tensor src, Tensor dst) {
    op_->forward(context, src, kernel_, bias_, dst, forward_scratch_);
}

void DenseLayer::backward(Context& context, const Pass&, Tensor src, Tensor, Tensor diff_dst,
                          Tensor diff_src) {
    op_->backward_weights(context, src, diff_dst, diff_kernel_, diff_bias_, backward_scratch_);
    if (diff_src) op_->backward_src(context, diff_dst, kernel_, diff_src, backward_scratch_);
}

}  // namespace kickdrum
