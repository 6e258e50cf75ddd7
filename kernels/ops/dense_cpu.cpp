// SPDX-License-Identifier: MIT
// Few rows and perhaps millions of weights: each pass streams the weights once, in blocks of their rows.
#include <algorithm>
#include <cstring>
#include <string>

#include "kernels/cpu/conv_kernels.h"
#include "kernels/cpu/winograd_conv.h"
#include "kernels/ops/dense.h"

namespace kickdrum {
namespace {

constexpr std::int64_t kBlock = 128;          // rows of the weights that are met together in forward
constexpr std::int64_t kChunk = 16 * kBlock;  // ... of one partial sum: independent of the threads
constexpr std::int64_t kBackwardBlock = 96;   // ... that are met together in backward

class PanelDense : public Dense {
 public:
    PanelDense(const Context& context, const DenseSpec& spec)
        : Dense(spec),
          name_("panels:" + std::string(to_string(context.simd()))),
          gemm_(gemm_kernels(context.simd())),
          out_padded_(to_panels(spec.out)),
          rows_padded_(to_panels(spec.rows)),
          chunks_((spec.in + kChunk - 1) / kChunk) {
        const std::size_t forward =
            floats(chunks_ * spec.out * rows_padded_) + threads(context) * floats(kBlock * rows_padded_);
        const std::size_t src =
            floats(rows_padded_ * spec.out) + threads(context) * floats(kBackwardBlock * rows_padded_);
        const std::size_t weights = floats(spec.rows * out_padded_) +
                                    threads(context) * floats(kBackwardBlock * (spec.rows + out_padded_));
        scratch_bytes_ = std::max({forward, src, weights}) * sizeof(float);
    }

    std::size_t scratch_bytes() const override { return scratch_bytes_; }
    std::string_view implementation() const override { return name_; }

 private:
    static std::size_t floats(std::int64_t count) { return round_to_line(static_cast<std::size_t>(count)); }
    static std::size_t threads(const Context& context) { return static_cast<std::size_t>(context.threads()); }
    std::int64_t to_panels(std::int64_t count) const {
        return (count + gemm_.panel - 1) / gemm_.panel * gemm_.panel;
    }

    struct Share {
        std::int64_t part, whole;
    };
    // Fetches rows of a matrix that the next block needs, a share of them beside each product of this block:
    // the products leave the memory idle, and the next block would wait for it.
    void fetch(const float* p, std::int64_t stride, std::int64_t rows, std::int64_t cols, Share share) const {
        const std::int64_t end = rows * (share.part + gemm_.panel) / share.whole;
        for (std::int64_t row = rows * share.part / share.whole; row < end; ++row) {
            gemm_.prefetch(p + row * stride, cols);
        }
    }

    // dst^T = weights^T src^T: the weights are read where they are, and only the few rows of src are laid out
    // anew.
    void do_forward(Context& context, Tensor src, Tensor weights, Tensor bias, Tensor dst,
                    Tensor scratch) override {
        const std::int64_t rows = src.rows();
        const std::int64_t in = spec_.in;
        const std::int64_t out = spec_.out;
        const std::int64_t panel = gemm_.panel;
        const std::int64_t padded = to_panels(rows);
        auto* partials = static_cast<float*>(scratch.data);  // [chunks][out][padded]
        float* per_thread = partials + floats(chunks_ * out * padded);
        const std::size_t thread_floats = floats(kBlock * rows_padded_);
        context.pool().parallel_for(chunks_, [&](std::int64_t chunk, int thread) {
            float* sums = partials + chunk * out * padded;
            float* block = per_thread + static_cast<std::size_t>(thread) * thread_floats;
            std::memset(sums, 0, static_cast<std::size_t>(out * padded) * sizeof(float));
            const std::int64_t end = std::min(in, (chunk + 1) * kChunk);
            for (std::int64_t i0 = chunk * kChunk; i0 < end; i0 += kBlock) {
                const std::int64_t count = std::min(kBlock, end - i0);
                const std::int64_t next = i0 + count;
                const std::int64_t next_count = std::min(kBlock, end - next);
                for (std::int64_t n = 0; n < padded; n += panel) {
                    gemm_.transpose(src.f32() + n * in + i0, in, static_cast<int>(std::min(panel, rows - n)),
                                    static_cast<int>(count), block + n * count, panel);
                }
                for (std::int64_t n = 0; n < padded; n += panel) {
                    const Share share = {n, padded};
                    fetch(src.f32() + next, in, rows, next_count, share);
                    fetch(weights.f32() + next * out, out, next_count, out, share);
                    gemm_.multiply_transposed_add(static_cast<int>(out), weights.f32() + i0 * out, out,
                                                  block + n * count, sums + n, padded,
                                                  static_cast<int>(count));
                }
            }
        });
        add_chunks(context, partials, padded, bias, dst);
    }

    // dst = bias + the sums of all chunks, in order.
    void add_chunks(Context& context, float* partials, std::int64_t padded, Tensor bias, Tensor dst) const {
        constexpr std::int64_t kOutputs = 16;
        const std::int64_t out = spec_.out;
        context.pool().parallel_for((out + kOutputs - 1) / kOutputs, [&](std::int64_t task, int) {
            const std::int64_t first = task * kOutputs;
            const std::int64_t end = std::min(out, first + kOutputs);
            for (std::int64_t o = first; o < end; ++o) {
                float* sums = partials + o * padded;
                for (std::int64_t chunk = 1; chunk < chunks_; ++chunk) {
                    const float* more = sums + chunk * out * padded;
                    for (std::int64_t n = 0; n < padded; ++n) sums[n] += more[n];
                }
                const float offset = bias ? bias.f32()[o] : 0.0F;
                for (std::int64_t n = 0; n < padded; ++n) sums[n] += offset;
            }
            gemm_.transpose(partials + first * padded, padded, static_cast<int>(end - first),
                            static_cast<int>(dst.rows()), dst.f32() + first, out);
        });
    }

    // Calls task(first, count, count of the next block, thread) for blocks of rows of the weights. Some
    // blocks in a row go to one thread, which can then fetch ahead; 0: no next one.
    template <class Task>
    void for_backward_blocks(Context& context, Task task) const {
        constexpr std::int64_t kRows = 4 * kBackwardBlock;
        context.pool().parallel_for((spec_.in + kRows - 1) / kRows, [&](std::int64_t index, int thread) {
            const std::int64_t end = std::min(spec_.in, (index + 1) * kRows);
            for (std::int64_t first = index * kRows; first < end; first += kBackwardBlock) {
                const std::int64_t count = std::min(kBackwardBlock, end - first);
                task(first, count, std::min(kBackwardBlock, end - first - count), thread);
            }
        });
    }

    // diff_src^T = weights diff_dst^T, so that the weights are read in their own order.
    void do_backward_src(Context& context, Tensor diff_dst, Tensor weights, Tensor diff_src,
                         Tensor scratch) override {
        const std::int64_t rows = diff_dst.rows();
        const std::int64_t in = spec_.in;
        const std::int64_t out = spec_.out;
        const std::int64_t panel = gemm_.panel;
        const std::int64_t padded = to_panels(rows);
        auto* transposed = static_cast<float*>(scratch.data);  // [panels of rows][out][panel]
        for (std::int64_t n = 0; n < padded; ++n) {
            float* to = transposed + n / panel * out * panel + n % panel;
            for (std::int64_t o = 0; o < out; ++o)
                to[o * panel] = n < rows ? diff_dst.f32()[n * out + o] : 0.0F;
        }
        float* per_thread = transposed + floats(rows_padded_ * out);
        const std::size_t thread_floats = floats(kBackwardBlock * rows_padded_);
        for_backward_blocks(
            context, [&](std::int64_t i0, std::int64_t count, std::int64_t next_count, int thread) {
                float* block = per_thread + static_cast<std::size_t>(thread) * thread_floats;
                for (std::int64_t n = 0; n < padded; n += panel) {
                    fetch(weights.f32() + (i0 + count) * out, out, next_count, out, {n, padded});
                    gemm_.multiply(static_cast<int>(count), weights.f32() + i0 * out, out,
                                   transposed + n * out, block + n, padded, static_cast<int>(out));
                }
                gemm_.transpose(block, padded, static_cast<int>(count), static_cast<int>(rows),
                                diff_src.f32() + i0, in);
            });
    }

    void do_backward_weights(Context& context, Tensor src, Tensor diff_dst, Tensor diff_weights,
                             Tensor diff_bias, Tensor scratch) override {
        const std::int64_t rows = src.rows();
        const std::int64_t in = spec_.in;
        const std::int64_t out = spec_.out;
        auto* panels = static_cast<float*>(scratch.data);
        gemm_.pack_panels(diff_dst.f32(), out, static_cast<int>(rows), static_cast<int>(out), panels);
        float* per_thread = panels + floats(spec_.rows * out_padded_);
        const std::size_t thread_floats = floats(kBackwardBlock * (spec_.rows + out_padded_));
        const bool whole = out == out_padded_;  // the products can be written where they belong
        for_backward_blocks(
            context, [&](std::int64_t i0, std::int64_t count, std::int64_t next_count, int thread) {
                float* src_block = per_thread + static_cast<std::size_t>(thread) * thread_floats;
                float* products = whole ? diff_weights.f32() + i0 * out : src_block + kBackwardBlock * rows;
                for (std::int64_t n = 0; n < rows; ++n) {
                    std::copy_n(src.f32() + n * in + i0, count, src_block + n * kBackwardBlock);
                }
                for (std::int64_t o = 0; o < out_padded_; o += gemm_.panel) {
                    fetch(src.f32() + i0 + count, in, rows, next_count, {o, out_padded_});
                    gemm_.multiply_transposed(static_cast<int>(count), src_block, kBackwardBlock,
                                              panels + o * rows, products + o, out_padded_,
                                              static_cast<int>(rows));
                }
                if (whole) return;
                for (std::int64_t i = 0; i < count; ++i) {
                    std::copy_n(products + i * out_padded_, out, diff_weights.f32() + (i0 + i) * out);
                }
            });
        if (!diff_bias) return;
        std::memset(diff_bias.data, 0, diff_bias.bytes());
        for (std::int64_t n = 0; n < rows; ++n) {
            for (std::int64_t o = 0; o < out; ++o) diff_bias.f32()[o] += diff_dst.f32()[n * out + o];
        }
    }

    std::string name_;
    const GemmKernels& gemm_;
    std::int64_t out_padded_;
    std::int64_t rows_padded_;
    std::int64_t chunks_;
    std::size_t scratch_bytes_ = 0;
};

}  // namespace

std::unique_ptr<Dense> cpu::make_dense(Context& context, const DenseSpec& spec) {
    return std::make_unique<PanelDense>(context, spec);
}

}  // namespace kickdrum
