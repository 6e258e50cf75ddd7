// SPDX-License-Identifier: MIT
// The gradients of the weights and the bias of conv_block.h on all threads, from the winners alone
// (winner_kernels.h). Sums are cut by the batch, never by the number of threads.
#pragma once

#include <cstddef>

#include "kernels/cpu/conv_kernels.h"
#include "kernels/cpu/winner_kernels.h"
#include "kernels/device/context.h"
#include "kernels/device/tensor.h"

namespace kickdrum {

class WinnerWeightGradient {
 public:
    // before: rows of padding at the top.
    WinnerWeightGradient(const Context& context, const Shape& src, const Shape& dst, int before);

    std::size_t scratch_bytes() const { return scratch_floats_ * sizeof(float); }

    void backward(Context& context, Tensor src, Tensor diff_dst, Tensor winner, Tensor diff_weights,
                  Tensor diff_bias, Tensor scratch) const;

 private:
    void add_chunks(Context& context, float* sums, int chunks, float* diff_weights) const;

    const WinnerKernels& kernels_;
    const GemmKernels& gemm_;
    WinnerGradient shape_;
    std::size_t bias_at_;  // behind the sums for the weights
    std::size_t sum_floats_;
    std::size_t thread_floats_;
    std::size_t scratch_floats_;
};

}  // namespace kickdrum
