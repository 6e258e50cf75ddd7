// SPDX-License-Identifier: MIT
#include "kernels/ops/dense.h"

#include "kernels/device/dispatch.h"
#include "kernels/ops/tensor_checks.h"

namespace kickdrum {
namespace {

Shape for_rows(const DenseSpec& spec, std::int64_t width, const Tensor& tensor) {
    const std::int64_t rows = tensor.shape.rank() == 0 ? 0 : tensor.rows();
    require(rows <= spec.rows, "dense: {} rows, but the plan was made for {}", rows, spec.rows);
    return {rows, width};
}

}  // namespace

Dense::Dense(const DenseSpec& spec) : spec_(spec) {
    require(spec.rows > 0 && spec.in > 0 && spec.out > 0, "dense: {} rows of {} to {} features make no sense",
            spec.rows, spec.in, spec.out);
    require(spec.dropout >= 0 && spec.dropout < 1, "dense: the rate of dropout must be in [0, 1), not {}",
            spec.dropout);
    require(spec.relu || spec.dropout == 0, "dense: dropout is possible behind ReLU only");
}

void Dense::forward(Context& context, Tensor src, Tensor weights, Tensor bias, Tensor dst, Tensor scratch,
                    const DenseDropout& dropout) {
    const DType type = context.activation_dtype();
    require_tensor(context, "dense: src", src, for_rows(spec_, spec_.in, src), type);
    require_tensor(context, "dense: weights", weights, Shape{spec_.in, spec_.out}, type);
    if (spec_.has_bias) require_tensor(context, "dense: bias", bias, Shape{spec_.out});
    require_tensor(context, "dense: dst", dst, Shape{src.rows(), spec_.out}, type);
    require_scratch(context, "dense: scratch", scratch, scratch_bytes());
    const bool drops = spec_.dropout > 0 && dropout.state != nullptr;
    do_forward(context, src, weights, spec_.has_bias ? bias : Tensor{}, dst, scratch,
               drops ? dropout : DenseDropout{});
}

void Dense::backward(Context& context, Tensor src, Tensor dst, Tensor diff_dst, Tensor weights,
                     Tensor diff_weights, Tensor diff_bias, Tensor diff_src, Tensor scratch) {
    const DType type = context.activation_dtype();
    require_tensor(context, "dense: src", src, for_rows(spec_, spec_.in, src), type);
    require_tensor(context, "dense: diff_dst", diff_dst, Shape{src.rows(), spec_.out}, type);
    if (spec_.relu) require_tensor(context, "dense: dst", dst, diff_dst.shape, type);
    require_tensor(context, "dense: weights", weights, Shape{spec_.in, spec_.out}, type);
    require_tensor(context, "dense: diff_weights", diff_weights, Shape{spec_.in, spec_.out});
    if (spec_.has_bias) require_tensor(context, "dense: diff_bias", diff_bias, Shape{spec_.out});
    if (diff_src) require_tensor(context, "dense: diff_src", diff_src, src.shape, type);
    require_scratch(context, "dense: scratch", scratch, scratch_bytes());
    do_backward(context, src, dst, diff_dst, weights, diff_weights, spec_.has_bias ? diff_bias : Tensor{},
                diff_src, scratch);
}

std::unique_ptr<Dense> make_dense(Context& context, const DenseSpec& spec) {
    return KICKDRUM_DISPATCH(context, make_dense(context, spec));
}

}  // namespace kickdrum
