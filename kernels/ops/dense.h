// SPDX-License-Identifier: MIT
// Fully connected layer: dst[n, o] = bias[o] + sum_i src[n, i] weights[i, o].
// src [n, in], weights [in, out], bias [out] or no tensor, dst [n, out]. All is f32; in Math::bf16
// src, weights, dst and the gradients of src and dst are bf16, all else stays f32. Tensors may hold fewer
// rows than the plan (on CUDA as conv2d.h says). All outputs are overwritten. The CPU leaves out the products
// with elements of src that are 0 (behind ReLU that is half of them or more), so 0 times an infinite weight
// is 0 there.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "kernels/device/context.h"
#include "kernels/device/tensor.h"

namespace kickdrum {

struct DenseSpec {
    std::int64_t rows = 0;  // largest number of rows of a call
    std::int64_t in = 0;
    std::int64_t out = 0;
    bool has_bias = true;
};

class Dense {
 public:
    explicit Dense(const DenseSpec& spec);
    virtual ~Dense() = default;
    Dense(const Dense&) = delete;
    Dense& operator=(const Dense&) = delete;

    void forward(Context& context, Tensor src, Tensor weights, Tensor bias, Tensor dst, Tensor scratch);
    // diff_src = diff_dst weights^T
    void backward_src(Context& context, Tensor diff_dst, Tensor weights, Tensor diff_src, Tensor scratch);
    // diff_weights = src^T diff_dst, diff_bias = column sums of diff_dst
    void backward_weights(Context& context, Tensor src, Tensor diff_dst, Tensor diff_weights,
                          Tensor diff_bias, Tensor scratch);

    virtual std::size_t scratch_bytes() const = 0;
    virtual std::string_view implementation() const = 0;

 protected:
    virtual void do_forward(Context&, Tensor src, Tensor weights, Tensor bias, Tensor dst,
                            Tensor scratch) = 0;
    virtual void do_backward_src(Context&, Tensor diff_dst, Tensor weights, Tensor diff_src,
                                 Tensor scratch) = 0;
    virtual void do_backward_weights(Context&, Tensor src, Tensor diff_dst, Tensor diff_weights,
                                     Tensor diff_bias, Tensor scratch) = 0;
    const DenseSpec spec_;
};

std::unique_ptr<Dense> make_dense(Context& context, const DenseSpec& spec);

namespace cpu {
std::unique_ptr<Dense> make_dense(Context& context, const DenseSpec& spec);
}  // namespace cpu
namespace cuda {
std::unique_ptr<Dense> make_dense(Context& context, const DenseSpec& spec);
}  // namespace cuda

}  // namespace kickdrum
