// SPDX-License-Identifier: MIT
// Images of up to 4 channels: our fused kernels. Others: the library's convolution into scratch, then bias,
// ReLU and pooling in one pass over it; backward un-pools the gradient into scratch once, for both passes of
// the library.
#include <string>

#include "kernels/cuda/conv_engines.cuh"
#include "kernels/cuda/fused_block.cuh"
#include "kernels/cuda/pooled_image.cuh"
#include "kernels/device/arena.h"
#include "kernels/device/buffer.h"
#include "kernels/ops/conv_block.h"

namespace kickdrum::cuda {
namespace {

constexpr std::size_t align(std::size_t bytes) {
    return (bytes + kArenaAlignment - 1) / kArenaAlignment * kArenaAlignment;
}

class FusedConvBlock : public ConvBlock {
 public:
    FusedConvBlock(Context& context, const Shape& src, const ConvBlockSpec& spec)
        : ConvBlock(src, spec),
          before_(spec.padding == Padding::same ? 1 : 0),
          tickets_(context, fused_block_tickets_bytes(spec.channels_out)) {}

    bool takes_rows() const override { return true; }
    std::size_t scratch_bytes() const override { return fused_block_partials_bytes(src_shape_, dst_shape_); }
    std::string_view implementation() const override { return "fused"; }

 private:
    void do_forward(Context& context, const BlockInput& src, Tensor weights, Tensor bias, Tensor dst,
                    Tensor winner, Tensor) override {
        fused_block_forward(context, before_, src, weights, bias, dst, winner);
    }
    void do_backward(Context& context, const BlockInput& src, Tensor diff_dst, Tensor winner, Tensor weights,
                     Tensor diff_weights, Tensor diff_bias, Tensor diff_src, Tensor scratch) override {
        fused_block_backward_weights(context, before_, src, diff_dst, winner, diff_weights, diff_bias,
                                     scratch.data, tickets_.data());
        if (diff_src) fused_block_backward_src(context, before_, diff_dst, winner, weights, diff_src);
    }

    int before_;
    Buffer tickets_;
};

class EngineConvBlock : public ConvBlock {
 public:
    EngineConvBlock(Context& context, const Shape& src, const ConvBlockSpec& spec)
        : ConvBlock(src, spec),
          image_shape_(conv_block_conv_shape(src, spec)),
          image_bytes_(
              align(static_cast<std::size_t>(image_shape_.count()) * size_of(context.activation_dtype()))),
          partials_bytes_(align(unpool_partials_bytes(image_shape_))),
          narrow_bytes_(context.activation_dtype() == DType::bf16
                            ? align(static_cast<std::size_t>(weights_shape_.count()) * size_of(DType::bf16))
                            : 0),
          engines_(context, src, {.channels_out = spec.channels_out, .padding = spec.padding},
                   context.activation_dtype()),
          name_(engines_.description()) {}

    // The image, or its gradient; behind it the sums of the bias' gradient, the weights' gradient before it
    // is widened, and what an engine needs.
    std::size_t scratch_bytes() const override { return own_bytes() + engines_.scratch_bytes(); }
    std::string_view implementation() const override { return name_; }

 private:
    std::size_t own_bytes() const { return image_bytes_ + partials_bytes_ + narrow_bytes_; }
    static std::byte* at(const Tensor& scratch, std::size_t offset) {
        return static_cast<std::byte*>(scratch.data) + offset;
    }
    Tensor image(const Tensor& scratch, std::int64_t clips, DType type) const {
        return {scratch.data, image_shape_.with_rows(clips), type, scratch.device};
    }
    Tensor rest(const Tensor& scratch) const {
        const auto bytes = static_cast<std::int64_t>(scratch.bytes() - own_bytes());
        return {at(scratch, own_bytes()), {bytes}, DType::u8, scratch.device};
    }

    void do_forward(Context& context, const BlockInput& src, Tensor weights, Tensor bias, Tensor dst,
                    Tensor winner, Tensor scratch) override {
        const Tensor z = image(scratch, dst.rows(), dst.dtype);
        engines_.forward(context, src.images, weights, z, rest(scratch));
        bias_relu_pool(context, z, bias, dst, winner);
    }
    void do_backward(Context& context, const BlockInput& src, Tensor diff_dst, Tensor winner, Tensor weights,
                     Tensor diff_weights, Tensor diff_bias, Tensor diff_src, Tensor scratch) override {
        const Tensor diff_image = image(scratch, diff_dst.rows(), diff_dst.dtype);
        auto* const partials = reinterpret_cast<float*>(at(scratch, image_bytes_));
        const std::int64_t parts = unpool(context, diff_dst, winner, diff_image, partials);
        Tensor gradient = diff_weights;
        gradient.dtype = diff_dst.dtype;
        if (narrow_bytes_ > 0) gradient.data = at(scratch, image_bytes_ + partials_bytes_);
        engines_.backward_weights(context, src.images, diff_image, gradient, rest(scratch));
        if (diff_src) engines_.backward_src(context, diff_image, weights, diff_src, rest(scratch));
        finish_block_gradients(context, partials, parts, diff_bias,
                               narrow_bytes_ > 0 ? gradient.data : nullptr, diff_weights);
    }

    Shape image_shape_;
    std::size_t image_bytes_, partials_bytes_, narrow_bytes_;
    ConvEngines engines_;
    std::string name_;
};

}  // namespace

std::unique_ptr<ConvBlock> make_conv_block(Context& context, const Shape& src, const ConvBlockSpec& spec) {
    conv_block_dst_shape(src, spec);
    if (src[3] <= kMostFusedChannels) return std::make_unique<FusedConvBlock>(context, src, spec);
    return std::make_unique<EngineConvBlock>(context, src, spec);
}

}  // namespace kickdrum::cuda
