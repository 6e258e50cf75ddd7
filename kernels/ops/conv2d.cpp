// SPDX-License-Identifier: MIT
#include "kernels/ops/conv2d.h"

#include "kernels/device/dispatch.h"
#include "kernels/ops/tensor_checks.h"

namespace kickdrum {

Shape conv2d_weights_shape(const Shape& src, const Conv2dSpec& spec) {
    return {spec.kernel.h, spec.kernel.w, src[3], spec.channels_out};
}

Shape conv2d_dst_shape(const Shape& src, const Conv2dSpec& spec) {
    require(src.rank() == 4, "conv2d: src must have 4 axes (clips, height, width, channels), not {}",
            src.rank());
    require(src.count() > 0, "conv2d: src is empty");
    require(spec.channels_out > 0, "conv2d: {} output channels make no sense", spec.channels_out);
    for (const auto& [what, extent] : {std::pair{"kernel", spec.kernel}, std::pair{"stride", spec.stride},
                                       std::pair{"dilation", spec.dilation}}) {
        require(extent.h > 0 && extent.w > 0, "conv2d: a {} of {}x{} makes no sense; it must be at least 1x1",
                what, extent.h, extent.w);
    }
    const auto h = window_extent(src[1], spec.kernel.h, spec.stride.h, spec.dilation.h, spec.padding).out;
    const auto w = window_extent(src[2], spec.kernel.w, spec.stride.w, spec.dilation.w, spec.padding).out;
    require(h > 0 && w > 0, "conv2d: a {}x{} kernel with dilation {}x{} doesn't fit its input of {}x{}",
            spec.kernel.h, spec.kernel.w, spec.dilation.h, spec.dilation.w, src[1], src[2]);
    return {src[0], h, w, spec.channels_out};
}

Conv2d::Conv2d(const Shape& src, const Conv2dSpec& spec)
    : src_shape_(src),
      spec_(spec),
      weights_shape_(conv2d_weights_shape(src, spec)),
      dst_shape_(conv2d_dst_shape(src, spec)) {}

void Conv2d::forward(Context& context, Tensor src, Tensor weights, Tensor bias, Tensor dst, Tensor scratch) {
    const DType type = context.activation_dtype();
    require_tensor(context, "conv2d: src", src, planned_shape("conv2d", src_shape_, src), type);
    require_tensor(context, "conv2d: weights", weights, weights_shape_, type);
    if (spec_.has_bias) require_tensor(context, "conv2d: bias", bias, Shape{spec_.channels_out});
    require_tensor(context, "conv2d: dst", dst, dst_shape_.with_rows(src.rows()), type);
    require_scratch(context, "conv2d: scratch", scratch, scratch_bytes());
    do_forward(context, src, weights, spec_.has_bias ? bias : Tensor{}, dst, scratch);
}

void Conv2d::backward_src(Context& context, Tensor diff_dst, Tensor weights, Tensor diff_src,
                          Tensor scratch) {
    const DType type = context.activation_dtype();
    require_tensor(context, "conv2d: diff_dst", diff_dst, planned_shape("conv2d", dst_shape_, diff_dst),
                   type);
    require_tensor(context, "conv2d: weights", weights, weights_shape_, type);
    require_tensor(context, "conv2d: diff_src", diff_src, src_shape_.with_rows(diff_dst.rows()), type);
    require_scratch(context, "conv2d: scratch", scratch, scratch_bytes());
    do_backward_src(context, diff_dst, weights, diff_src, scratch);
}

void Conv2d::backward_weights(Context& context, Tensor src, Tensor diff_dst, Tensor diff_weights,
                              Tensor diff_bias, Tensor scratch) {
    const DType type = context.activation_dtype();
    require_tensor(context, "conv2d: src", src, planned_shape("conv2d", src_shape_, src), type);
    require_tensor(context, "conv2d: diff_dst", diff_dst, dst_shape_.with_rows(src.rows()), type);
    require_tensor(context, "conv2d: diff_weights", diff_weights, weights_shape_);
    if (spec_.has_bias) require_tensor(context, "conv2d: diff_bias", diff_bias, Shape{spec_.channels_out});
    require_scratch(context, "conv2d: scratch", scratch, scratch_bytes());
    do_backward_weights(context, src, diff_dst, diff_weights, spec_.has_bias ? diff_bias : Tensor{}, scratch);
}

std::unique_ptr<Conv2d> make_conv2d(Context& context, const Shape& src, const Conv2dSpec& spec) {
    return KICKDRUM_DISPATCH(context, make_conv2d(context, src, spec));
}

}  // namespace kickdrum
