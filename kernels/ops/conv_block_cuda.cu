// SPDX-License-Identifier: MIT
// Images of up to 4 channels: our fused kernels. Others: the library's convolution into scratch, then bias,
// ReLU and pooling in one pass over it; backward un-pools the gradient into scratch once, for both passes of
// the library.
#include <algorithm>
#include <string>

#include "kernels/cuda/conv_engines.cuh"
#include "kernels/cuda/fused_block.cuh"
#include "kernels/cuda/pooled_image.cuh"
#include "kernels/device/arena.h"
#include "kernels/ops/conv_block.h"

namespace kickdrum::cuda {
namespace {

constexpr std::size_t align(std::size_t bytes) {
    return (bytes + kArenaAlignment - 1) / kArenaAlignment * kArenaAlignment;
}

class FusedConvBlock : public ConvBlock {
 public:
    FusedConvBlock(const Shape& src, const ConvBlockSpec& spec)
        : ConvBlock(src, spec), before_(spec.padding == Padding::same ? 1 : 0) {}

    std::size_t scratch_bytes() const override { return fused_block_partials_bytes(src_shape_, dst_shape_); }
    std::string_view implementation() const override { return "fused"; }

 private:
    void do_forward(Context& context, Tensor src, Tensor weights, Tensor bias, Tensor dst, Tensor winner,
                    Tensor) override {
        fused_block_forward(context, before_, src, weights, bias, dst, winner);
    }
    void do_backward(Context& context, Tensor src, Tensor diff_dst, Tensor winner, Tensor weights,
                     Tensor diff_weights, Tensor diff_bias, Tensor diff_src, Tensor scratch) override {
        fused_block_backward_weights(context, before_, src, diff_dst, winner, diff_weights, diff_bias,
                                     scratch.data);
        if (diff_src) fused_block_backward_src(context, before_, diff_dst, winner, weights, diff_src);
    }

    int before_;
};

class EngineConvBlock : public ConvBlock {
 public:
    EngineConvBlock(Context& context, const Shape& src, const ConvBlockSpec& spec)
        : ConvBlock(src, spec),
          image_shape_(conv_block_conv_shape(src, spec)),
          image_bytes_(
              align(static_cast<std::size_t>(image_shape_.count()) * size_of(context.activation_dtype()))),
          engines_(context, src, {.channels_out = spec.channels_out, .padding = spec.padding}),
          name_(engines_.description()) {}

    // The image, or its gradient, and behind it what an engine or a sum needs.
    std::size_t scratch_bytes() const override {
        return image_bytes_ + std::max(engines_.scratch_bytes(), unpool_partials_bytes(image_shape_));
    }
    std::string_view implementation() const override { return name_; }

 private:
    Tensor image(const Tensor& scratch, const Tensor& src) const {
        return {scratch.data, image_shape_.with_rows(src.rows()), src.dtype, scratch.device};
    }
    Tensor rest(const Tensor& scratch) const {
        const auto bytes = static_cast<std::int64_t>(scratch.bytes() - image_bytes_);
        return {static_cast<std::byte*>(scratch.data) + image_bytes_, {bytes}, DType::u8, scratch.device};
    }

    void do_forward(Context& context, Tensor src, Tensor weights, Tensor bias, Tensor dst, Tensor winner,
                    Tensor scratch) override {
        const Tensor z = image(scratch, src);
        engines_.forward(context, src, weights, z, rest(scratch));
        bias_relu_pool(context, z, bias, dst, winner);
    }
    void do_backward(Context& context, Tensor src, Tensor diff_dst, Tensor winner, Tensor weights,
                     Tensor diff_weights, Tensor diff_bias, Tensor diff_src, Tensor scratch) override {
        const Tensor diff_image = image(scratch, src);
        unpool(context, diff_dst, winner, diff_image, diff_bias, rest(scratch).data);
        engines_.backward_weights(context, src, diff_image, diff_weights, rest(scratch));
        if (diff_src) engines_.backward_src(context, diff_image, weights, diff_src, rest(scratch));
    }

    Shape image_shape_;
    std::size_t image_bytes_;
    ConvEngines engines_;
    std::string name_;
};

}  // namespace

std::unique_ptr<ConvBlock> make_conv_block(Context& context, const Shape& src, const ConvBlockSpec& spec) {
    conv_block_dst_shape(src, spec);
    if (src[3] <= kMostFusedChannels) return std::make_unique<FusedConvBlock>(src, spec);
    return std::make_unique<EngineConvBlock>(context, src, spec);
}

}  // namespace kickdrum::cuda
