// SPDX-License-Identifier: MIT
#include "kernels/ops/pool2d.h"

#include "kernels/device/dispatch.h"
#include "kernels/ops/tensor_checks.h"

namespace kickdrum {
namespace {

std::string_view op_name(PoolKind kind) {
    return kind == PoolKind::max ? "max_pool2d" : "average_pool2d";
}

}  // namespace

Shape pool2d_dst_shape(const Shape& src, const Pool2dSpec& spec) {
    const std::string_view op = op_name(spec.kind);
    require(src.rank() == 4, "{}: src must have 4 axes (clips, height, width, channels), not {}", op,
            src.rank());
    require(src.count() > 0, "{}: src is empty", op);
    require(spec.size.h > 0 && spec.size.w > 0,
            "{}: a window of {}x{} makes no sense; it must be at least 1x1", op, spec.size.h, spec.size.w);
    require(spec.stride.h > 0 && spec.stride.w > 0,
            "{}: a stride of {}x{} makes no sense; it must be at least 1x1", op, spec.stride.h,
            spec.stride.w);
    const std::int64_t p = window_extent(src[1], spec.size.h, spec.stride.h, 1, spec.padding).out;
    const std::int64_t q = window_extent(src[2], spec.size.w, spec.stride.w, 1, spec.padding).out;
    require(p > 0 && q > 0,
            "{}: window {}x{} is larger than its input {}x{}; use a smaller window or padding same", op,
            spec.size.h, spec.size.w, src[1], src[2]);
    return {src[0], p, q, src[3]};
}

Pool2d::Pool2d(const Shape& src, const Pool2dSpec& spec)
    : src_shape_(src), spec_(spec), dst_shape_(pool2d_dst_shape(src, spec)) {}

void Pool2d::forward(Context& context, Tensor src, Tensor dst, Tensor winner) {
    const bool max = spec_.kind == PoolKind::max;
    const DType dtype = activation_type(context, src);
    require_tensor(context, max ? "max_pool2d: src" : "average_pool2d: src", src,
                   planned_shape(op_name(spec_.kind), src_shape_, src), dtype);
    const Shape expected = dst_shape_.with_rows(src.rows());
    require_tensor(context, max ? "max_pool2d: dst" : "average_pool2d: dst", dst, expected, dtype);
    if (max) require_tensor(context, "max_pool2d: winner", winner, expected, DType::i32);
    do_forward(context, src, dst, winner);
}

void Pool2d::backward(Context& context, Tensor diff_dst, Tensor winner, Tensor diff_src) {
    const bool max = spec_.kind == PoolKind::max;
    const Shape expected = planned_shape(op_name(spec_.kind), dst_shape_, diff_dst);
    const DType dtype = activation_type(context, diff_dst);
    require_tensor(context, max ? "max_pool2d: diff_dst" : "average_pool2d: diff_dst", diff_dst, expected,
                   dtype);
    if (max) require_tensor(context, "max_pool2d: winner", winner, expected, DType::i32);
    require_tensor(context, max ? "max_pool2d: diff_src" : "average_pool2d: diff_src", diff_src,
                   src_shape_.with_rows(diff_dst.rows()), dtype);
    do_backward(context, diff_dst, winner, diff_src);
}

std::unique_ptr<Pool2d> make_pool2d(Context& context, const Shape& src, const Pool2dSpec& spec) {
    return KICKDRUM_DISPATCH(context, make_pool2d(context, src, spec));
}

}  // namespace kickdrum
