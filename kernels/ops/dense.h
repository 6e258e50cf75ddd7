// SPDX-License-Identifier: MIT
// Fully connected layer: dst[n, o] = f(bias[o] + sum_i src[n, i] weights[i, o]), where f is the identity or
// ReLU (NaN stays NaN) and, while training, dropout behind it. src [n, in], weights [in, out], bias [out] or
// no tensor, dst [n, out]. All is f32; in Math::bf16 src, weights, dst and the gradients of src and dst are
// bf16, all else stays f32. Tensors may hold fewer rows than the plan (on CUDA as conv2d.h says). All outputs
// are overwritten. The CPU leaves out the products with elements of src that are 0 (behind ReLU that is half
// of them or more), so 0 times an infinite weight is 0 there.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "kernels/device/context.h"
#include "kernels/device/philox.h"
#include "kernels/device/step_state.h"
#include "kernels/device/tensor.h"

namespace kickdrum {

struct DenseSpec {
    std::int64_t rows = 0;  // largest number of rows of a call
    std::int64_t in = 0;
    std::int64_t out = 0;
    bool has_bias = true;
    bool relu = false;
    float dropout = 0;  // rate, in [0, 1); with relu only
};

// The mask of one forward, as in dropout.h; without a state nothing is dropped.
struct DenseDropout {
    RandomStream stream{};
    const StepState* state = nullptr;
};

class Dense {
 public:
    explicit Dense(const DenseSpec& spec);
    virtual ~Dense() = default;
    Dense(const Dense&) = delete;
    Dense& operator=(const Dense&) = delete;

    void forward(Context& context, Tensor src, Tensor weights, Tensor bias, Tensor dst, Tensor scratch,
                 const DenseDropout& dropout = {});
    // Of a training step: with g = diff_dst, or where f is ReLU g = dst > 0 ? diff_dst / (1 - dropout) : 0,
    //   diff_weights = src^T g,  diff_bias = column sums of g,  diff_src = g weights^T
    // dst is read with ReLU only: what forward gave, zeros where it dropped. diff_src is "no tensor" where
    // nobody needs it. In Math::bf16 g is rounded to bf16.
    void backward(Context& context, Tensor src, Tensor dst, Tensor diff_dst, Tensor weights,
                  Tensor diff_weights, Tensor diff_bias, Tensor diff_src, Tensor scratch);

    virtual std::size_t scratch_bytes() const = 0;
    virtual std::string_view implementation() const = 0;

 protected:
    virtual void do_forward(Context&, Tensor src, Tensor weights, Tensor bias, Tensor dst, Tensor scratch,
                            const DenseDropout& dropout) = 0;
    virtual void do_backward(Context&, Tensor src, Tensor dst, Tensor diff_dst, Tensor weights,
                             Tensor diff_weights, Tensor diff_bias, Tensor diff_src, Tensor scratch) = 0;
    // By which dropout multiplies what it keeps.
    float kept_scale() const { return 1 / (1 - spec_.dropout); }
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
