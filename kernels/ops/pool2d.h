// SPDX-License-Identifier: MIT
// Max and average pooling over windows, NHWC, as Keras: padding by padding.h; cells outside the image never
// win a maximum and don't count in an average. Max: the gradient goes to the first of equal cells, in
// row-major order. Tensors may hold fewer clips than the plan. All outputs are overwritten. Tensors are
// f32 or, on CUDA, bf16 (added up in f32 and rounded once); all of a call are of one type.
#pragma once

#include <memory>

#include "kernels/device/context.h"
#include "kernels/device/tensor.h"
#include "kernels/ops/padding.h"

namespace kickdrum {

enum class PoolKind { max, average };

struct Pool2dSpec {
    PoolKind kind = PoolKind::max;
    Extent2d size{2, 2};
    Extent2d stride{2, 2};
    Padding padding = Padding::valid;
};

// [n, p, q, c]; throws InvalidArgument where the window doesn't fit ("max_pool2d: window 4x4 is larger than
// ...").
Shape pool2d_dst_shape(const Shape& src, const Pool2dSpec& spec);

class Pool2d {
 public:
    Pool2d(const Shape& src, const Pool2dSpec& spec);
    virtual ~Pool2d() = default;
    Pool2d(const Pool2d&) = delete;
    Pool2d& operator=(const Pool2d&) = delete;

    // winner (max only, i32, the shape of dst, kept until backward): row * size.w + column within the window.
    void forward(Context& context, Tensor src, Tensor dst, Tensor winner);
    void backward(Context& context, Tensor diff_dst, Tensor winner, Tensor diff_src);

 protected:
    virtual void do_forward(Context&, Tensor src, Tensor dst, Tensor winner) = 0;
    virtual void do_backward(Context&, Tensor diff_dst, Tensor winner, Tensor diff_src) = 0;

    const Shape src_shape_;
    const Pool2dSpec spec_;
    const Shape dst_shape_;
};

std::unique_ptr<Pool2d> make_pool2d(Context& context, const Shape& src, const Pool2dSpec& spec);

// The backend's half: arguments are checked already.
namespace cpu {
std::unique_ptr<Pool2d> make_pool2d(Context& context, const Shape& src, const Pool2dSpec& spec);
}  // namespace cpu
namespace cuda {
std::unique_ptr<Pool2d> make_pool2d(Context& context, const Shape& src, const Pool2dSpec& spec);
}  // namespace cuda

}  // namespace kickdrum
