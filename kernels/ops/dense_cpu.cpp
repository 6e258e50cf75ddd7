// SPDX-License-Identifier: MIT
// Few rows and perhaps millions of weights: each pass streams the weights once, in blocks of their rows.
#include <algorithm>
#include <cstring>
#include <string>

#include "kernels/cpu/conv_kernels.h"
#include "kernels/cpu/sparse_kernels.h"
#include "kernels/cpu/winograd_conv.h"
#include "kernels/ops/activation.h"
#include "kernels/ops/dense.h"
#include "kernels/ops/dropout.h"
#include "kernels/ops/elementwise.h"

namespace kickdrum {
namespace {

constexpr std::int64_t kBlock = kSparseDepth;  // rows of the weights that are met together
constexpr std::int64_t kChunk = 2048;          // ... of one partial sum: independent of the threads
// Where more than these hundredths of a block of src aren't 0, plain products are faster.
constexpr std::int64_t kDensePercent = 85;

class PanelDense : public Dense {
 public:
    PanelDense(const Context& context, const DenseSpec& spec)
        : Dense(spec),
          name_("panels:" + std::string(to_string(context.simd()))),
          gemm_(gemm_kernels(context.simd())),
          sparse_(sparse_kernels(context.simd())),
          out_padded_(to_panels(spec.out)),
          rows_padded_(to_panels(spec.rows)),
          chunks_((spec.in + kChunk - 1) / kChunk) {
        const std::size_t forward =
            floats(chunks_ * spec.rows * out_padded_) + threads(context) * sparse_floats();
        const std::size_t src =
            floats(rows_padded_ * spec.out) + threads(context) * floats(kBlock * rows_padded_);
        const std::size_t weights = 2 * floats(spec.rows * out_padded_) +
                                    threads(context) * (weight_block_floats() + sparse_floats());
        products_floats_ = std::max({forward, src, weights});
        masked_floats_ = spec.relu ? floats(spec.rows * spec.out) : 0;
    }

    std::size_t scratch_bytes() const override { return (products_floats_ + masked_floats_) * sizeof(float); }
    std::string_view implementation() const override { return name_; }

 private:
    static std::size_t floats(std::int64_t count) { return round_to_line(static_cast<std::size_t>(count)); }
    static std::size_t threads(const Context& context) { return static_cast<std::size_t>(context.threads()); }
    std::int64_t to_panels(std::int64_t count) const {
        return (count + gemm_.panel - 1) / gemm_.panel * gemm_.panel;
    }

    // A thread's lists of what isn't 0 in a block of src.
    struct Sparse {
        float* lists;
        float* packed;
        std::int32_t* counts;
    };
    std::size_t sparse_floats() const {
        return floats(kBlock * (kSparseListFloats + sparse_.slice)) + floats(kBlock);
    }
    Sparse sparse_at(float* scratch) const {
        float* packed = scratch + kBlock * kSparseListFloats;
        return {scratch, packed, reinterpret_cast<std::int32_t*>(packed + kBlock * sparse_.slice)};
    }
    std::size_t weight_block_floats() const { return floats(kBlock * (spec_.rows + out_padded_)); }

    struct Share {
        std::int64_t begin, end, whole;
    };
    // Fetches rows of a matrix that the next block needs, a share of them beside each product of this block:
    // the products leave the memory idle, and the next block would wait for it.
    void fetch(const float* p, std::int64_t stride, std::int64_t rows, std::int64_t cols, Share share) const {
        const std::int64_t end = rows * std::min(share.end, share.whole) / share.whole;
        for (std::int64_t row = rows * share.begin / share.whole; row < end; ++row) {
            gemm_.prefetch(p + row * stride, cols);
        }
    }

    void do_forward(Context& context, Tensor src, Tensor weights, Tensor bias, Tensor dst, Tensor scratch,
                    const DenseDropout& mask) override {
        multiply_forward(context, src, weights, bias, dst, scratch);
        if (spec_.relu) activation_forward(context, Activation::relu, dst, dst);
        if (mask.state != nullptr) dropout(context, spec_.dropout, mask.stream, mask.state, dst, dst);
    }

    void do_backward(Context& context, Tensor src, Tensor dst, Tensor diff_dst, Tensor weights,
                     Tensor diff_weights, Tensor diff_bias, Tensor diff_src, Tensor scratch) override {
        Tensor gradient = diff_dst;
        if (spec_.relu) {
            gradient.data = static_cast<float*>(scratch.data) + products_floats_;
            activation_backward(context, Activation::relu, {}, dst, diff_dst, gradient);
            if (spec_.dropout > 0) scale(context, kept_scale(), gradient);
        }
        backward_weights(context, src, gradient, diff_weights, diff_bias, scratch);
        if (diff_src) backward_src(context, gradient, weights, diff_src, scratch);
    }

    void multiply_forward(Context& context, Tensor src, Tensor weights, Tensor bias, Tensor dst,
                          Tensor scratch) {
        const std::int64_t rows = src.rows();
        auto* partials = static_cast<float*>(scratch.data);  // [chunks][rows][out_padded_]
        float* per_thread = partials + floats(chunks_ * rows * out_padded_);
        context.pool().parallel_for(chunks_, [&](std::int64_t chunk, int thread) {
            const Sparse sparse = sparse_at(per_thread + static_cast<std::size_t>(thread) * sparse_floats());
            float* sums = partials + chunk * rows * out_padded_;
            const std::int64_t begin = chunk * kChunk;
            const std::int64_t end = std::min(spec_.in, begin + kChunk);
            for (std::int64_t i0 = begin; i0 < end; i0 += kBlock) {
                add_block(src, weights, i0, end, i0 != begin, sums, sparse);
            }
        });
        add_chunks(context, partials, bias, dst);
    }

    // sums = or += src[rows x a block from i0 on] * weights[block x out].
    void add_block(const Tensor& src, const Tensor& weights, std::int64_t i0, std::int64_t end, bool add,
                   float* sums, const Sparse& sparse) const {
        const std::int64_t rows = src.rows();
        const std::int64_t in = spec_.in;
        const std::int64_t out = spec_.out;
        const std::int64_t count = std::min(kBlock, end - i0);
        const std::int64_t next = i0 + count;
        const std::int64_t next_count = std::min(kBlock, end - next);
        for (std::int64_t n0 = 0; n0 < rows; n0 += kBlock) {
            const int here = depth_of(rows, n0);
            sparse_.list(src.f32() + n0 * in + i0, in, here, static_cast<int>(count), sparse.lists,
                         sparse.counts);
            for (std::int64_t o = 0; o < out; o += sparse_.slice) {
                const Share share = {o, o + sparse_.slice, out};
                fetch(src.f32() + n0 * in + next, in, next_count > 0 ? here : 0, next_count, share);
                if (n0 == 0) fetch(weights.f32() + next * out, out, next_count, out, share);
                const int cols = slice_of(o);
                sparse_.pack(weights.f32() + i0 * out + o, out, static_cast<int>(count), cols, sparse.packed);
                sparse_.multiply(sparse.lists, sparse.counts, here, sparse.packed, cols, add,
                                 sums + n0 * out_padded_ + o, out_padded_);
            }
        }
    }

    // dst = the sums of all chunks, in order, + bias.
    void add_chunks(Context& context, float* partials, Tensor bias, Tensor dst) const {
        const std::int64_t rows = dst.rows();
        const std::int64_t out = spec_.out;
        context.pool().parallel_for(rows, [&](std::int64_t n, int) {
            float* sums = partials + n * out_padded_;
            for (std::int64_t chunk = 1; chunk < chunks_; ++chunk) {
                const float* more = sums + chunk * rows * out_padded_;
                for (std::int64_t o = 0; o < out; ++o) sums[o] += more[o];
            }
            float* to = dst.f32() + n * out;
            for (std::int64_t o = 0; o < out; ++o) to[o] = sums[o] + (bias ? bias.f32()[o] : 0.0F);
        });
    }

    // Calls task(first, count, count of the next block, thread) for blocks of rows of the weights. Some
    // blocks in a row go to one thread, which can then fetch ahead; 0: no next one.
    template <class Task>
    void for_backward_blocks(Context& context, Task task) const {
        constexpr std::int64_t kRows = 4 * kBlock;
        context.pool().parallel_for((spec_.in + kRows - 1) / kRows, [&](std::int64_t index, int thread) {
            const std::int64_t end = std::min(spec_.in, (index + 1) * kRows);
            for (std::int64_t first = index * kRows; first < end; first += kBlock) {
                const std::int64_t count = std::min(kBlock, end - first);
                task(first, count, std::min(kBlock, end - first - count), thread);
            }
        });
    }

    // diff_src^T = weights diff_dst^T, so that the weights are read in their own order.
    void backward_src(Context& context, Tensor diff_dst, Tensor weights, Tensor diff_src, Tensor scratch) {
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
        const std::size_t thread_floats = floats(kBlock * rows_padded_);
        for_backward_blocks(
            context, [&](std::int64_t i0, std::int64_t count, std::int64_t next_count, int thread) {
                float* block = per_thread + static_cast<std::size_t>(thread) * thread_floats;
                for (std::int64_t n = 0; n < padded; n += panel) {
                    fetch(weights.f32() + (i0 + count) * out, out, next_count, out, {n, n + panel, padded});
                    gemm_.multiply(static_cast<int>(count), weights.f32() + i0 * out, out,
                                   transposed + n * out, block + n, padded, static_cast<int>(out));
                }
                gemm_.transpose(block, padded, static_cast<int>(count), static_cast<int>(rows),
                                diff_src.f32() + i0, in);
            });
    }

    void backward_weights(Context& context, Tensor src, Tensor diff_dst, Tensor diff_weights,
                          Tensor diff_bias, Tensor scratch) {
        const std::int64_t rows = src.rows();
        const std::int64_t in = spec_.in;
        const std::int64_t out = spec_.out;
        auto* panels = static_cast<float*>(scratch.data);
        float* slices = panels + floats(spec_.rows * out_padded_);
        gemm_.pack_panels(diff_dst.f32(), out, static_cast<int>(rows), static_cast<int>(out), panels);
        for (std::int64_t n0 = 0; n0 < rows; n0 += kBlock) {
            for (std::int64_t o = 0; o < out; o += sparse_.slice) {
                sparse_.pack(diff_dst.f32() + n0 * out + o, out, depth_of(rows, n0), slice_of(o),
                             slice_at(slices, rows, n0, o));
            }
        }
        float* per_thread = slices + floats(spec_.rows * out_padded_);
        const std::size_t thread_floats = weight_block_floats() + sparse_floats();
        const bool whole = out == out_padded_;  // the products can be written where they belong
        for_backward_blocks(context, [&](std::int64_t i0, std::int64_t count, std::int64_t next_count,
                                         int thread) {
            float* block = per_thread + static_cast<std::size_t>(thread) * thread_floats;
            float* products = whole ? diff_weights.f32() + i0 * out : block + kBlock * rows;
            gemm_.transpose(src.f32() + i0, in, static_cast<int>(rows), static_cast<int>(count), block, rows);
            const Sparse sparse = sparse_at(block + weight_block_floats());
            for (std::int64_t n0 = 0; n0 < rows; n0 += kBlock) {
                multiply_block(block, static_cast<int>(count), rows, n0, panels, slices, products, sparse,
                               [&](Share share) {
                                   if (n0 == 0)
                                       fetch(src.f32() + i0 + count, in, next_count > 0 ? rows : 0,
                                             next_count, share);
                               });
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

    // Of the rows from n0 on, those that are met together; of the columns from o on, likewise.
    static int depth_of(std::int64_t rows, std::int64_t n0) {
        return static_cast<int>(std::min(kBlock, rows - n0));
    }
    int slice_of(std::int64_t o) const {
        return static_cast<int>(std::min<std::int64_t>(sparse_.slice, spec_.out - o));
    }
    float* slice_at(float* slices, std::int64_t rows, std::int64_t n0, std::int64_t o) const {
        return slices + n0 * out_padded_ + o * depth_of(rows, n0);
    }

    // products[count x out] = or, after the first rows, += src^T diff_dst of up to kBlock rows from n0 on.
    // block: src^T [count][rows]; panels, slices: diff_dst.
    template <class Fetch>
    void multiply_block(const float* block, int count, std::int64_t rows, std::int64_t n0,
                        const float* panels, float* slices, float* products, const Sparse& sparse,
                        Fetch fetch_share) const {
        const int depth = depth_of(rows, n0);
        sparse_.list(block + n0, rows, count, depth, sparse.lists, sparse.counts);
        std::int64_t needed = 0;
        for (int i = 0; i < count; ++i) needed += sparse.counts[i];
        if (needed * 100 < kDensePercent * count * depth) {
            for (std::int64_t o = 0; o < spec_.out; o += sparse_.slice) {
                fetch_share({o, o + sparse_.slice, spec_.out});
                sparse_.multiply(sparse.lists, sparse.counts, count, slice_at(slices, rows, n0, o),
                                 slice_of(o), n0 > 0, products + o, out_padded_);
            }
            return;
        }
        const auto multiply = n0 > 0 ? gemm_.multiply_add : gemm_.multiply;
        for (std::int64_t o = 0; o < out_padded_; o += gemm_.panel) {
            fetch_share({o, o + gemm_.panel, out_padded_});
            multiply(count, block + n0, rows, panels + o * rows + n0 * gemm_.panel, products + o, out_padded_,
                     depth);
        }
    }

    std::string name_;
    const GemmKernels& gemm_;
    const SparseKernels& sparse_;
    std::int64_t out_padded_;
    std::int64_t rows_padded_;
    std::int64_t chunks_;
    std::size_t products_floats_ = 0;
    std::size_t masked_floats_ = 0;  // of the gradient behind ReLU
};

}  // namespace

std::unique_ptr<Dense> cpu::make_dense(Context& context, const DenseSpec& spec) {
    return std::make_unique<PanelDense>(context, spec);
}

}  // namespace kickdrum
