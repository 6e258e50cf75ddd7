// SPDX-License-Identifier: MIT
#include "kernels/ops/global_pool.h"

#include "kernels/device/dispatch.h"
#include "kernels/ops/tensor_checks.h"

namespace kickdrum {
namespace {

// [n, c] of [n, h, w, c].
Shape pooled_shape(std::string_view what, const Shape& src) {
    require(src.rank() == 4, "{} must have 4 axes (clips, height, width, channels), not {}", what,
            src.rank());
    return {src[0], src[3]};
}

}  // namespace

void global_pool_forward(Context& context, PoolKind kind, Tensor src, Tensor dst, Tensor winner) {
    const DType dtype = activation_type(context, src);
    require_tensor(context, "global_pool: src", src, dtype);
    const Shape pooled = pooled_shape("global_pool: src", src.shape);
    require_tensor(context, "global_pool: dst", dst, pooled, dtype);
    if (kind == PoolKind::max) require_tensor(context, "global_pool: winner", winner, pooled, DType::i32);
    KICKDRUM_DISPATCH(context, global_pool_forward(context, kind, src, dst, winner));
}

void global_pool_backward(Context& context, PoolKind kind, Tensor diff_dst, Tensor winner, Tensor diff_src) {
    const DType dtype = activation_type(context, diff_src);
    require_tensor(context, "global_pool: diff_src", diff_src, dtype);
    const Shape pooled = pooled_shape("global_pool: diff_src", diff_src.shape);
    require_tensor(context, "global_pool: diff_dst", diff_dst, pooled, dtype);
    if (kind == PoolKind::max) require_tensor(context, "global_pool: winner", winner, pooled, DType::i32);
    KICKDRUM_DISPATCH(context, global_pool_backward(context, kind, diff_dst, winner, diff_src));
}

}  // namespace kickdrum
