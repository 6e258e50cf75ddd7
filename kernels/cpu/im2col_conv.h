// SPDX-License-Identifier: MIT
// Convolution with any kernel, stride and dilation as matrix products: the patches under a strip of output pixels are
// laid out as rows ("im2col") and meet the packed weights. Strips go to the threads; the data gradient is added back
// clip by clip, sums over the batch are cut by the batch.
#pragma once

#include <cstddef>

#include "kernels/cpu/conv_kernels.h"
#include "kernels/device/context.h"
#include "kernels/ops/conv2d.h"

namespace kickdrum {

class Im2colConv {
 public:
    Im2colConv(const Context& context, const Shape& src, const Conv2dSpec& spec);

    std::size_t scratch_bytes() const { return scratch_floats_ * sizeof(float); }

    void forward(Context& context, Tensor src, Tensor weights, Tensor bias, Tensor dst, Tensor scratch) const;
    void backward_src(Context& context, Tensor diff_dst, Tensor weights, Tensor diff_src,
                      Tensor scratch) const;
    void backward_weights(Context& context, Tensor src, Tensor diff_dst, Tensor diff_weights,
                          Tensor diff_bias, Tensor scratch) const;

 private:
    struct Pixel {
        std::int64_t y, x;  // of the patch's first tap in src; may lie outside
    };
    Pixel first_tap(std::int64_t pixel) const;
    template <class Row, class Outside>
    void for_each_stretch(Pixel at, const Row& row, const Outside& outside) const;
    const float* patches_of(const float* clip, std::int64_t first, int count, float* memory) const;
    // Rows of `depth_` floats for output pixels [first, first + count) of one clip.
    void gather(const float* clip, std::int64_t first, int count, float* rows) const;
    void scatter_add(const float* rows, std::int64_t first, int count, float* clip) const;

    const GemmKernels& gemm_;
    Conv2dSpec spec_;
    Shape src_shape_;
    std::int64_t p_, q_;
    WindowExtent rows_, columns_;
    bool is_pointwise_;  // 1x1, stride 1: a patch is the pixel
    int c_, k_;
    int depth_;     // kernel.h * kernel.w * c
    int k_padded_;  // to whole panels
    int depth_padded_;
    std::size_t partial_floats_;
    std::size_t thread_floats_;
    std::size_t scratch_floats_;
};

}  // namespace kickdrum
