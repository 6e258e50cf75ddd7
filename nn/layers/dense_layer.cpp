// SPDX-License-Identifier: MIT
#include "nn/layers/dense_layer.h"

namespace kickdrum {

Shape DenseLayer::plan(Planning& planning, const Shape& src) {
    op_ = make_dense(planning.context, {.rows = src[0],
                                        .in = src[1],
                                        .out = options_.units,
                                        .has_bias = options_.has_bias,
                                        .relu = options_.relu,
                                        .dropout = options_.dropout});
    kernel_id_ = planning.parameters.declare(name() + "/kernel", {src[1], options_.units},
                                             ParameterKind::weights, initial_.kernel);
    if (options_.has_bias) {
        bias_id_ = planning.parameters.declare(name() + "/bias", {options_.units}, ParameterKind::offset,
                                               initial_.bias, src[1]);
    }
    forward_scratch_id_ = planning.forward_scratch(op_->scratch_bytes());
    backward_scratch_id_ = planning.backward_scratch(op_->scratch_bytes());
    return {src[0], options_.units};
}

void DenseLayer::bind(const Arena& arena, const ParameterStore& parameters) {
    kernel_ = parameters.operand(kernel_id_);
    diff_kernel_ = parameters.gradient(kernel_id_);
    if (options_.has_bias) {
        bias_ = parameters.value(bias_id_);
        diff_bias_ = parameters.gradient(bias_id_);
    }
    forward_scratch_ = arena.scratch(forward_scratch_id_);
    backward_scratch_ = arena.scratch(backward_scratch_id_);
}

void DenseLayer::forward(Context& context, const Pass& pass, Tensor src, Tensor dst) {
    DenseDropout dropout;
    if (pass.training && options_.dropout > 0)
        dropout = {.stream = random_stream(pass.seed, options_.dropout_name), .state = pass.state};
    op_->forward(context, src, kernel_, bias_, dst, forward_scratch_, dropout);
}

void DenseLayer::backward(Context& context, const Pass&, Tensor src, Tensor dst, Tensor diff_dst,
                          Tensor diff_src) {
    op_->backward(context, src, dst, diff_dst, kernel_, diff_kernel_, diff_bias_, diff_src,
                  backward_scratch_);
}

}  // namespace kickdrum
