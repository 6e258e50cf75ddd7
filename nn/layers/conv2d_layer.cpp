// SPDX-License-Identifier: MIT
#include "nn/layers/conv2d_layer.h"

namespace kickdrum {

Shape Conv2dLayer::plan(Planning& planning, const Shape& src) {
    op_ = make_conv2d(planning.context, src, spec_);
    const Shape kernel = conv2d_weights_shape(src, spec_);
    kernel_id_ =
        planning.parameters.declare(name() + "/kernel", kernel, ParameterKind::convolution, initial_.kernel);
    if (spec_.has_bias) {
        bias_id_ = planning.parameters.declare(name() + "/bias", {spec_.channels_out}, ParameterKind::offset,
                                               initial_.bias, fan_in_of(kernel));
    }
    forward_scratch_id_ = planning.forward_scratch(op_->scratch_bytes());
    backward_scratch_id_ = planning.backward_scratch(op_->scratch_bytes());
    return conv2d_dst_shape(src, spec_);
}

void Conv2dLayer::bind(const Arena& arena, const ParameterStore& parameters) {
    kernel_ = parameters.operand(kernel_id_);
    diff_kernel_ = parameters.gradient(kernel_id_);
    if (spec_.has_bias) {
        bias_ = parameters.value(bias_id_);
        diff_bias_ = parameters.gradient(bias_id_);
    }
    forward_scratch_ = arena.scratch(forward_scratch_id_);
    backward_scratch_ = arena.scratch(backward_scratch_id_);
}

void Conv2dLayer::forward(Context& context, const Pass&, Tensor src, Tensor dst) {
    op_->forward(context, src, kernel_, bias_, dst, forward_scratch_);
}

void Conv2dLayer::backward(Context& context, const Pass&, Tensor src, Tensor, Tensor diff_dst,
                           Tensor diff_src) {
    op_->backward_weights(context, src, diff_dst, diff_kernel_, diff_bias_, backward_scratch_);
    if (diff_src) op_->backward_src(context, diff_dst, kernel_, diff_src, backward_scratch_);
}

Shape ConvBlockLayer::plan(Planning& planning, const Shape& src) {
    op_ = make_conv_block(planning.context, src, spec_);
    dst_shape_ = conv_block_dst_shape(src, spec_);
    const Shape kernel = conv_block_weights_shape(src, spec_);
    kernel_id_ =
        planning.parameters.declare(name() + "/kernel", kernel, ParameterKind::convolution, initial_.kernel);
    bias_id_ = planning.parameters.declare(name() + "/bias", {spec_.channels_out}, ParameterKind::offset,
                                           initial_.bias, fan_in_of(kernel));
    winner_id_ = planning.workspace(static_cast<std::size_t>(dst_shape_.count()));
    forward_scratch_id_ = planning.forward_scratch(op_->scratch_bytes());
    backward_scratch_id_ = planning.backward_scratch(op_->scratch_bytes());
    return dst_shape_;
}

void ConvBlockLayer::bind(const Arena& arena, const ParameterStore& parameters) {
    kernel_ = parameters.operand(kernel_id_);
    diff_kernel_ = parameters.gradient(kernel_id_);
    bias_ = parameters.value(bias_id_);
    diff_bias_ = parameters.gradient(bias_id_);
    winner_ = arena.tensor(winner_id_, dst_shape_, DType::u8);
    forward_scratch_ = arena.scratch(forward_scratch_id_);
    backward_scratch_ = arena.scratch(backward_scratch_id_);
}

void ConvBlockLayer::forward(Context& context, const Pass& pass, Tensor src, Tensor dst) {
    op_->forward(context, {src, pass.rows}, kernel_, bias_, dst, winner_.first_rows(dst.rows()),
                 forward_scratch_);
}

void ConvBlockLayer::backward(Context& context, const Pass& pass, Tensor src, Tensor, Tensor diff_dst,
                              Tensor diff_src) {
    const Tensor winner = winner_.first_rows(diff_dst.rows());
    op_->backward(context, {src, pass.rows}, diff_dst, winner, kernel_, diff_kernel_, diff_bias_, diff_src,
                  backward_scratch_);
}

}  // namespace kickdrum
