// SPDX-License-Identifier: MIT
// 2-D convolution (cross-correlation, as everywhere in deep learning), NHWC, weights HWIO:
//   dst[n, p, q, k] = bias[k] + sum_{r, s, c} src[n, p*stride - before + r*dilation, q*stride - before +
//   s*dilation, c]
//                                            * weights[r, s, c, k]
// Rows outside src count as zeros; padding as in padding.h (Keras Conv2D).
//
// All is f32. In Math::bf16 src, weights, dst and the gradients of src and dst are bf16; sums, bias and the
// gradients of the parameters stay f32, though cuDNN may round that of the weights to bf16 first. On CUDA the
// weights and their gradient lie in memory as OHWI (weights_layout.h), the shapes stay as they are.
//
// Tensors may hold fewer clips than the plan (a last partial batch); all tensors of one call agree.
// On CUDA another number of clips may be summed in another order, and the first call with it makes its plan:
// not while a graph is captured.
// All outputs are overwritten. Scratch must hold scratch_bytes() and is free again after the call.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "kernels/device/context.h"
#include "kernels/device/tensor.h"
#include "kernels/ops/padding.h"

namespace kickdrum {

struct Conv2dSpec {
    int channels_out = 0;
    Extent2d kernel{3, 3};
    Extent2d stride{1, 1};
    Extent2d dilation{1, 1};
    Padding padding = Padding::valid;
    bool has_bias = true;
};

// The only shape rules. conv2d_dst_shape throws InvalidArgument where the kernel doesn't fit the image.
Shape conv2d_weights_shape(const Shape& src, const Conv2dSpec& spec);  // [kernel.h, kernel.w, c, k]
Shape conv2d_dst_shape(const Shape& src, const Conv2dSpec& spec);      // [n, p, q, k]

class Conv2d {
 public:
    Conv2d(const Shape& src, const Conv2dSpec& spec);
    virtual ~Conv2d() = default;
    Conv2d(const Conv2d&) = delete;
    Conv2d& operator=(const Conv2d&) = delete;

    // bias: [k], or no tensor where the spec has none.
    void forward(Context& context, Tensor src, Tensor weights, Tensor bias, Tensor dst, Tensor scratch);
    void backward_src(Context& context, Tensor diff_dst, Tensor weights, Tensor diff_src, Tensor scratch);
    void backward_weights(Context& context, Tensor src, Tensor diff_dst, Tensor diff_weights,
                          Tensor diff_bias, Tensor scratch);

    virtual std::size_t scratch_bytes() const = 0;
    // Which algorithm the plan chose: "winograd_4x4:avx2", "im2col:avx2",
    // "cudnn:forward engine 37, ...". For environment.json, tests and benchmarks.
    virtual std::string_view implementation() const = 0;

 protected:
    virtual void do_forward(Context&, Tensor src, Tensor weights, Tensor bias, Tensor dst,
                            Tensor scratch) = 0;
    virtual void do_backward_src(Context&, Tensor diff_dst, Tensor weights, Tensor diff_src,
                                 Tensor scratch) = 0;
    virtual void do_backward_weights(Context&, Tensor src, Tensor diff_dst, Tensor diff_weights,
                                     Tensor diff_bias, Tensor scratch) = 0;

    const Shape src_shape_;
    const Conv2dSpec spec_;
    const Shape weights_shape_;
    const Shape dst_shape_;
};

std::unique_ptr<Conv2d> make_conv2d(Context& context, const Shape& src, const Conv2dSpec& spec);

namespace cpu {
std::unique_ptr<Conv2d> make_conv2d(Context& context, const Shape& src, const Conv2dSpec& spec);
}  // namespace cpu
namespace cuda {
std::unique_ptr<Conv2d> make_conv2d(Context& context, const Shape& src, const Conv2dSpec& spec);
}  // namespace cuda

}  // namespace kickdrum
