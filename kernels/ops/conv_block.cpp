// SPDX-License-Identifier: MIT
#include "kernels/ops/conv_block.h"

#include "kernels/device/dispatch.h"
#include "kernels/ops/tensor_checks.h"

namespace kickdrum {

Shape conv_block_weights_shape(const Shape& src, const ConvBlockSpec& spec) {
    return {3, 3, src[3], spec.channels_out};
}

Shape conv_block_conv_shape(const Shape& src, const ConvBlockSpec& spec) {
    return {src[0], window_extent(src[1], 3, 1, 1, spec.padding).out,
            window_extent(src[2], 3, 1, 1, spec.padding).out, spec.channels_out};
}

Shape conv_block_dst_shape(const Shape& src, const ConvBlockSpec& spec) {
    require(src.rank() == 4, "conv_block: src must have 4 axes (clips, height, width, channels), not {}",
            src.rank());
    require(src.count() > 0, "conv_block: src is empty");
    require(spec.channels_out > 0, "conv_block: {} output channels make no sense", spec.channels_out);
    const Shape conv = conv_block_conv_shape(src, spec);
    require(conv[1] >= 2 && conv[2] >= 2,
            "conv_block: its input of {}x{} leaves nothing for a 2x2 pooling after the convolution", src[1],
            src[2]);
    return {src[0], conv[1] / 2, conv[2] / 2, spec.channels_out};
}

ConvBlock::ConvBlock(const Shape& src, const ConvBlockSpec& spec)
    : src_shape_(src),
      spec_(spec),
      weights_shape_(conv_block_weights_shape(src, spec)),
      dst_shape_(conv_block_dst_shape(src, spec)) {}

Shape ConvBlock::check(const Context& context, const BlockInput& src) const {
    if (!src.rows) {
        const Shape shape = planned_shape("conv_block", src_shape_, src.images);
        require_tensor(context, "conv_block: src", src.images, shape, context.activation_dtype());
        return shape;
    }
    require(takes_rows(), "conv_block: this one takes no rows of a dataset ({})", implementation());
    require_tensor(context, "conv_block: dataset", src.images);
    require_tensor(context, "conv_block: dataset", src.images, src_shape_.with_rows(src.images.rows()));
    require_tensor(context, "conv_block: rows", src.rows, DType::i32);
    return planned_shape("conv_block", src_shape_, src.rows);
}

void ConvBlock::forward(Context& context, const BlockInput& src, Tensor weights, Tensor bias, Tensor dst,
                        Tensor winner, Tensor scratch) {
    const DType type = context.activation_dtype();
    const Shape src_shape = check(context, src);
    require_tensor(context, "conv_block: weights", weights, weights_shape_, type);
    require_tensor(context, "conv_block: bias", bias, Shape{spec_.channels_out});
    require_tensor(context, "conv_block: dst", dst, dst_shape_.with_rows(src_shape[0]), type);
    require_tensor(context, "conv_block: winner", winner, dst_shape_.with_rows(src_shape[0]), DType::u8);
    require_scratch(context, "conv_block: scratch", scratch, scratch_bytes());
    do_forward(context, src, weights, bias, dst, winner, scratch);
}

void ConvBlock::backward(Context& context, const BlockInput& src, Tensor diff_dst, Tensor winner,
                         Tensor weights, Tensor diff_weights, Tensor diff_bias, Tensor diff_src,
                         Tensor scratch) {
    const DType type = context.activation_dtype();
    const Shape src_shape = check(context, src);
    require_tensor(context, "conv_block: diff_dst", diff_dst, dst_shape_.with_rows(src_shape[0]), type);
    require_tensor(context, "conv_block: winner", winner, diff_dst.shape, DType::u8);
    require_tensor(context, "conv_block: weights", weights, weights_shape_, type);
    require_tensor(context, "conv_block: diff_weights", diff_weights, weights_shape_);
    require_tensor(context, "conv_block: diff_bias", diff_bias, Shape{spec_.channels_out});
    if (diff_src) require_tensor(context, "conv_block: diff_src", diff_src, src_shape, type);
    require_scratch(context, "conv_block: scratch", scratch, scratch_bytes());
    do_backward(context, src, diff_dst, winner, weights, diff_weights, diff_bias, diff_src, scratch);
}

std::unique_ptr<ConvBlock> make_conv_block(Context& context, const Shape& src, const ConvBlockSpec& spec) {
    return KICKDRUM_DISPATCH(context, make_conv_block(context, src, spec));
}

}  // namespace kickdrum
