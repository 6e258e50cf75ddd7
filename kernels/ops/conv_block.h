// SPDX-License-Identifier: MIT
// 3x3 convolution (stride 1) + bias + ReLU + 2x2 max-pooling (stride 2, last odd row and column dropped) as
// one operation: the full-size activation and its gradient aren't kept.
//   z = conv2d(src, weights) + bias;  dst[n, i, j, k] = max(0, max of z over rows 2i, 2i+1 and columns 2j,
//   2j+1)
// winner[n, i, j, k] (workspace, kept from forward to backward): 0..3 = the place of the maximum in its
// window in row-major order, the first of equals; 4 = the maximum was <= 0, so no gradient flows.
//
// All but winner is f32. In Math::bf16 src, weights, dst and the gradients of src and dst are bf16; sums,
// bias and the gradients of the parameters stay f32. On CUDA the weights and their gradient lie in memory as
// OHWI (weights_layout.h), and beyond 4 channels in, the full-size activation is in scratch during the call.
//
// Tensors may hold fewer clips than the plan (on CUDA as conv2d.h says). All outputs are overwritten.
#pragma once

#include <concepts>
#include <cstddef>
#include <memory>
#include <string_view>

#include "kernels/device/context.h"
#include "kernels/device/tensor.h"
#include "kernels/ops/padding.h"

namespace kickdrum {

struct ConvBlockSpec {
    int channels_out = 0;
    Padding padding = Padding::same;
};

Shape conv_block_weights_shape(const Shape& src, const ConvBlockSpec& spec);  // [3, 3, c, k]
Shape conv_block_conv_shape(const Shape& src, const ConvBlockSpec& spec);     // [n, p, q, k], before pooling
// [n, p / 2, q / 2, k] of the convolution's p x q; throws InvalidArgument where that leaves nothing.
Shape conv_block_dst_shape(const Shape& src, const ConvBlockSpec& spec);

// What a block reads: all clips of `images`, or of a dataset those that `rows` (i32 [n]) names, in its order,
// so that the batch needn't be gathered first. The dataset is f32 whatever the Math. An index outside of it
// throws; on CUDA its clip is all zeros.
struct BlockInput {
    template <std::convertible_to<Tensor> All>
    BlockInput(const All& all) : images(all) {}
    BlockInput(const Tensor& dataset, const Tensor& which) : images(dataset), rows(which) {}
    std::int64_t clips() const { return rows ? rows.count() : images.rows(); }

    Tensor images, rows;
};

class ConvBlock {
 public:
    ConvBlock(const Shape& src, const ConvBlockSpec& spec);
    virtual ~ConvBlock() = default;
    ConvBlock(const ConvBlock&) = delete;
    ConvBlock& operator=(const ConvBlock&) = delete;

    // winner: u8, the shape of dst.
    void forward(Context& context, const BlockInput& src, Tensor weights, Tensor bias, Tensor dst,
                 Tensor winner, Tensor scratch);
    // diff_src is "no tensor" where nobody needs it. Both gradients are asked for at once, so that a backend
    // may share what they have in common: the un-pooled gradient.
    void backward(Context& context, const BlockInput& src, Tensor diff_dst, Tensor winner, Tensor weights,
                  Tensor diff_weights, Tensor diff_bias, Tensor diff_src, Tensor scratch);

    // Whether src may name rows of a dataset.
    virtual bool takes_rows() const { return false; }
    virtual std::size_t scratch_bytes() const = 0;
    virtual std::string_view implementation() const = 0;  // "direct:avx2", "fused", ...

 protected:
    virtual void do_forward(Context&, const BlockInput& src, Tensor weights, Tensor bias, Tensor dst,
                            Tensor winner, Tensor scratch) = 0;
    virtual void do_backward(Context&, const BlockInput& src, Tensor diff_dst, Tensor winner, Tensor weights,
                             Tensor diff_weights, Tensor diff_bias, Tensor diff_src, Tensor scratch) = 0;

    // Throws where it doesn't fit; returns the shape of its clips.
    Shape check(const Context& context, const BlockInput& src) const;

    const Shape src_shape_;
    const ConvBlockSpec spec_;
    const Shape weights_shape_;
    const Shape dst_shape_;
};

std::unique_ptr<ConvBlock> make_conv_block(Context& context, const Shape& src, const ConvBlockSpec& spec);

namespace cpu {
std::unique_ptr<ConvBlock> make_conv_block(Context& context, const Shape& src, const ConvBlockSpec& spec);
}  // namespace cpu
namespace cuda {
std::unique_ptr<ConvBlock> make_conv_block(Context& context, const Shape& src, const ConvBlockSpec& spec);
}  // namespace cuda

}  // namespace kickdrum
