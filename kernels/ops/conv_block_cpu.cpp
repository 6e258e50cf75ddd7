// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cstring>
#include <string>

#include "kernels/cpu/winner_gradient.h"
#include "kernels/cpu/winograd_conv.h"
#include "kernels/ops/conv_block.h"

namespace kickdrum {
namespace {

int padding_before(Padding padding) {
    return padding == Padding::same ? 1 : 0;
}

WinogradConv winograd_of(const Context& context, const Shape& src, const ConvBlockSpec& spec) {
    return {context, src, conv_block_conv_shape(src, spec), padding_before(spec.padding), true};
}

class WinogradBlock : public ConvBlock {
 public:
    WinogradBlock(const Context& context, const Shape& src, const ConvBlockSpec& spec)
        : ConvBlock(src, spec),
          name_("winograd_4x4:" + std::string(to_string(context.simd()))),
          conv_(winograd_of(context, src, spec)),
          weight_gradient_(context, src, dst_shape_, padding_before(spec.padding)) {}

    std::size_t scratch_bytes() const override {
        return std::max(conv_.scratch_bytes(), weight_gradient_.scratch_bytes());
    }
    std::string_view implementation() const override { return name_; }

 private:
    void do_forward(Context& context, const BlockInput& src, Tensor weights, Tensor bias, Tensor dst,
                    Tensor winner, Tensor scratch) override {
        conv_.forward(context, src.images, weights, bias, dst, winner, scratch);
    }
    void do_backward(Context& context, const BlockInput& src, Tensor diff_dst, Tensor winner, Tensor weights,
                     Tensor diff_weights, Tensor diff_bias, Tensor diff_src, Tensor scratch) override {
        weight_gradient_.backward(context, src.images, diff_dst, winner, diff_weights, diff_bias, scratch);
        if (diff_src) conv_.backward_src(context, diff_dst, winner, weights, diff_src, scratch);
    }

    std::string name_;
    WinogradConv conv_;
    WinnerWeightGradient weight_gradient_;
};

// One input channel. The first layer of a network needs no data gradient; who asks for it gets Winograd's.
class DirectBlock : public ConvBlock {
 public:
    DirectBlock(const Context& context, const Shape& src, const ConvBlockSpec& spec)
        : ConvBlock(src, spec),
          name_("direct:" + std::string(to_string(context.simd()))),
          kernels_(direct_kernels(context.simd())),
          padded_(static_cast<std::size_t>((spec.channels_out + lanes(context) - 1) / lanes(context) *
                                           lanes(context))),
          row_floats_(round_to_line(kernels_.row_floats(static_cast<int>(src[2])))),
          conv_(winograd_of(context, src, spec)) {
        const std::size_t rows = static_cast<std::size_t>(context.threads()) * row_floats_;
        const std::size_t packed = round_to_line(10 * padded_);
        const std::size_t partials = round_to_line(static_cast<std::size_t>(src[0]) * 10 * padded_);
        scratch_bytes_ = std::max(conv_.scratch_bytes(), (rows + std::max(packed, partials)) * sizeof(float));
    }

    bool takes_rows() const override { return true; }
    std::size_t scratch_bytes() const override { return scratch_bytes_; }
    std::string_view implementation() const override { return name_; }

 private:
    static int lanes(const Context& context) { return gemm_kernels(context.simd()).lanes; }

    static void require_rows(const BlockInput& src) {
        for (std::int64_t clip = 0; src.rows && clip < src.clips(); ++clip) {
            const std::int32_t row = src.rows.i32()[clip];
            require(row >= 0 && row < src.images.rows(), "conv_block: clip {} is row {} of {}", clip, row,
                    src.images.rows());
        }
    }

    DirectRow row_of(const BlockInput& src, std::int64_t clip, std::int64_t row) const {
        DirectRow r;
        r.src = src.images.f32() + (src.rows ? src.rows.i32()[clip] : clip) * src_shape_.row_count();
        r.h = static_cast<int>(src_shape_[1]);
        r.w = static_cast<int>(src_shape_[2]);
        r.before = padding_before(spec_.padding);
        r.row = static_cast<int>(row);
        r.pooled_w = static_cast<int>(dst_shape_[2]);
        r.channels = spec_.channels_out;
        return r;
    }

    void do_forward(Context& context, const BlockInput& src, Tensor weights, Tensor bias, Tensor dst,
                    Tensor winner, Tensor scratch) override {
        require_rows(src);
        const auto channels = static_cast<std::size_t>(spec_.channels_out);
        auto* packed = static_cast<float*>(scratch.data);
        std::memset(packed, 0, 10 * padded_ * sizeof(float));
        for (std::size_t tap = 0; tap < 9; ++tap) {
            std::copy_n(weights.f32() + tap * channels, channels, packed + tap * padded_);
        }
        std::copy_n(bias.f32(), channels, packed + 9 * padded_);
        float* lines = packed + round_to_line(10 * padded_);

        constexpr std::int64_t kRowsPerTask = 8;
        const std::int64_t rows_per_clip = dst_shape_[1];
        const std::int64_t rows = src.clips() * rows_per_clip;
        const std::int64_t row_floats = dst_shape_[2] * spec_.channels_out;
        context.pool().parallel_for(
            (rows + kRowsPerTask - 1) / kRowsPerTask, [&](std::int64_t task, int thread) {
                const std::int64_t end = std::min(rows, (task + 1) * kRowsPerTask);
                for (std::int64_t row = task * kRowsPerTask; row < end; ++row) {
                    DirectRow r = row_of(src, row / rows_per_clip, row % rows_per_clip);
                    r.weights = packed;
                    r.bias = packed + 9 * padded_;
                    r.dst = dst.f32() + row * row_floats;
                    r.dst_winner = winner.u8() + row * row_floats;
                    r.scratch = lines + static_cast<std::size_t>(thread) * row_floats_;
                    kernels_.forward(r);
                }
            });
    }

    void do_backward(Context& context, const BlockInput& src, Tensor diff_dst, Tensor winner, Tensor weights,
                     Tensor diff_weights, Tensor diff_bias, Tensor diff_src, Tensor scratch) override {
        require_rows(src);
        backward_weights(context, src, diff_dst, winner, diff_weights, diff_bias, scratch);
        if (diff_src) conv_.backward_src(context, diff_dst, winner, weights, diff_src, scratch);
    }

    // One partial sum per clip: independent of the threads.
    void backward_weights(Context& context, const BlockInput& src, Tensor diff_dst, Tensor winner,
                          Tensor diff_weights, Tensor diff_bias, Tensor scratch) const {
        const std::int64_t clips = src.clips();
        const std::size_t partial = 10 * padded_;
        auto* partials = static_cast<float*>(scratch.data);
        float* lines = partials + round_to_line(static_cast<std::size_t>(clips) * partial);
        const std::int64_t row_floats = dst_shape_[2] * spec_.channels_out;
        context.pool().parallel_for(clips, [&](std::int64_t clip, int thread) {
            float* sums = partials + static_cast<std::size_t>(clip) * partial;
            std::memset(sums, 0, partial * sizeof(float));
            for (std::int64_t row = 0; row < dst_shape_[1]; ++row) {
                DirectRow r = row_of(src, clip, row);
                const std::int64_t at = (clip * dst_shape_[1] + row) * row_floats;
                r.diff_dst = diff_dst.f32() + at;
                r.winner = winner.u8() + at;
                r.partial = sums;
                r.scratch = lines + static_cast<std::size_t>(thread) * row_floats_;
                kernels_.backward(r);
            }
        });
        const auto padded = static_cast<int>(padded_);
        add_partials(context, partials, partial, static_cast<int>(clips), 9, spec_.channels_out, padded,
                     diff_weights.f32());
        add_partials(context, partials + 9 * padded_, partial, static_cast<int>(clips), 1, spec_.channels_out,
                     padded, diff_bias.f32());
    }

    std::string name_;
    const DirectKernels& kernels_;
    std::size_t padded_;
    std::size_t row_floats_;
    WinogradConv conv_;
    std::size_t scratch_bytes_ = 0;
};

}  // namespace

std::unique_ptr<ConvBlock> cpu::make_conv_block(Context& context, const Shape& src,
                                                const ConvBlockSpec& spec) {
    if (src.rank() == 4 && src[3] == 1) return std::make_unique<DirectBlock>(context, src, spec);
    return std::make_unique<WinogradBlock>(context, src, spec);
}

}  // namespace kickdrum
