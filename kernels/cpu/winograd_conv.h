// SPDX-License-Identifier: MIT
// The three passes of a 3x3 convolution with stride 1 by Winograd F(4x4, 3x3) on all threads, alone or with
// the fused ReLU and 2x2 pooling of conv_block.h. Strips of tiles go to the threads; sums over tiles are cut
// by the batch, never by the number of threads.
#pragma once

#include <cstddef>

#include "kernels/cpu/conv_kernels.h"
#include "kernels/device/context.h"
#include "kernels/device/tensor.h"

namespace kickdrum {

class WinogradConv {
 public:
    // conv_dst: the convolution's own result [n, p, q, k], before any pooling; before: rows of padding at the
    // top.
    WinogradConv(const Context& context, const Shape& src, const Shape& conv_dst, int before, bool pooled);

    std::size_t scratch_bytes() const { return scratch_floats_ * sizeof(float); }

    // bias may be missing unless pooled; winner is there if and only if pooled.
    void forward(Context& context, Tensor src, Tensor weights, Tensor bias, Tensor dst, Tensor winner,
                 Tensor scratch) const;
    void backward_src(Context& context, Tensor diff_dst, Tensor winner, Tensor weights, Tensor diff_src,
                      Tensor scratch) const;
    // Not where pooled: winner_gradient.h does better. diff_bias may be missing.
    void backward_weights(Context& context, Tensor src, Tensor diff_dst, Tensor diff_weights,
                          Tensor diff_bias, Tensor scratch) const;

 private:
    std::size_t packed_floats(int in, int out) const;
    std::size_t partial_floats() const;
    WinogradGradient gradient_of(Tensor diff_dst) const;
    // Calls pass(the gradient's part, its number) for parts of the batch; each thread has its own scratch.
    template <class Pass>
    void for_parts(Context& context, const WinogradGradient& gradient, std::int64_t clips, int parts,
                   float* scratch, std::size_t thread_floats, Pass pass) const;

    const WinogradKernels& kernels_;
    int lanes_panel_;
    int h_, w_, c_, p_, q_, k_, before_;
    int out_h_, out_w_;  // of dst: pooled or not
    int k_padded_;
    bool pooled_;
    std::size_t scratch_floats_;
};

// Adds up partial weight gradients in order: [chunks][rows of `padded` floats] -> dst [rows][cols].
void add_partials(Context& context, const float* partials, std::size_t partial_floats, int chunks,
                  std::int64_t rows, int cols, int padded, float* dst);

// Into how many pieces a batch is cut for sums over it: a function of the batch alone.
int batch_chunks(std::int64_t clips);

constexpr std::size_t round_to_line(std::size_t floats) {
    return (floats + 15) / 16 * 16;
}

}  // namespace kickdrum
