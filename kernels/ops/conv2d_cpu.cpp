// SPDX-License-Identifier: MIT
#include <string>

#include "kernels/cpu/im2col_conv.h"
#include "kernels/cpu/winograd_conv.h"
#include "kernels/ops/conv2d.h"

namespace kickdrum {
namespace {

class WinogradConv2d : public Conv2d {
 public:
    WinogradConv2d(const Context& context, const Shape& src, const Conv2dSpec& spec)
        : Conv2d(src, spec),
          name_("winograd_4x4:" + std::string(to_string(context.simd()))),
          conv_(context, src, dst_shape_, spec.padding == Padding::same ? 1 : 0, false) {}

    std::size_t scratch_bytes() const override { return conv_.scratch_bytes(); }
    std::string_view implementation() const override { return name_; }

 private:
    void do_forward(Context& context, Tensor src, Tensor weights, Tensor bias, Tensor dst,
                    Tensor scratch) override {
        conv_.forward(context, src, weights, bias, dst, {}, scratch);
    }
    void do_backward_src(Context& context, Tensor diff_dst, Tensor weights, Tensor diff_src,
                         Tensor scratch) override {
        conv_.backward_src(context, diff_dst, {}, weights, diff_src, scratch);
    }
    void do_backward_weights(Context& context, Tensor src, Tensor diff_dst, Tensor diff_weights,
                             Tensor diff_bias, Tensor scratch) override {
        conv_.backward_weights(context, src, diff_dst, diff_weights, diff_bias, scratch);
    }

    std::string name_;
    WinogradConv conv_;
};

class Im2colConv2d : public Conv2d {
 public:
    Im2colConv2d(const Context& context, const Shape& src, const Conv2dSpec& spec)
        : Conv2d(src, spec),
          name_("im2col:" + std::string(to_string(context.simd()))),
          conv_(context, src, spec) {}

    std::size_t scratch_bytes() const override { return conv_.scratch_bytes(); }
    std::string_view implementation() const override { return name_; }

 private:
    void do_forward(Context& context, Tensor src, Tensor weights, Tensor bias, Tensor dst,
                    Tensor scratch) override {
        conv_.forward(context, src, weights, bias, dst, scratch);
    }
    void do_backward_src(Context& context, Tensor diff_dst, Tensor weights, Tensor diff_src,
                         Tensor scratch) override {
        conv_.backward_src(context, diff_dst, weights, diff_src, scratch);
    }
    void do_backward_weights(Context& context, Tensor src, Tensor diff_dst, Tensor diff_weights,
                             Tensor diff_bias, Tensor scratch) override {
        conv_.backward_weights(context, src, diff_dst, diff_weights, diff_bias, scratch);
    }

    std::string name_;
    Im2colConv conv_;
};

// With very few channels on either side Winograd's transforms cost more than the multiplications they save.
bool winograd_pays(const Shape& src, const Conv2dSpec& spec) {
    return spec.kernel == Extent2d{3, 3} && spec.stride == Extent2d{} && spec.dilation == Extent2d{} &&
           src[3] >= 8 && spec.channels_out >= 8;
}

}  // namespace

std::unique_ptr<Conv2d> cpu::make_conv2d(Context& context, const Shape& src, const Conv2dSpec& spec) {
    conv2d_dst_shape(src, spec);
    if (winograd_pays(src, spec)) return std::make_unique<WinogradConv2d>(context, src, spec);
    return std::make_unique<Im2colConv2d>(context, src, spec);
}

}  // namespace kickdrum
