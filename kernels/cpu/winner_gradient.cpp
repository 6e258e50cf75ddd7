// SPDX-License-Identifier: MIT
#include "kernels/cpu/winner_gradient.h"

#include <algorithm>

#include "kernels/cpu/conv_kernels.h"
#include "kernels/cpu/winograd_conv.h"

namespace kickdrum {

WinnerWeightGradient::WinnerWeightGradient(const Context& context, const Shape& src, const Shape& dst,
                                           int before)
    : kernels_(winner_kernels(context.simd())), gemm_(gemm_kernels(context.simd())) {
    shape_.src_h = static_cast<int>(src[1]);
    shape_.src_w = static_cast<int>(src[2]);
    shape_.channels_in = static_cast<int>(src[3]);
    shape_.before = before;
    shape_.dst_h = static_cast<int>(dst[1]);
    shape_.dst_w = static_cast<int>(dst[2]);
    shape_.channels_out = static_cast<int>(dst[3]);
    bias_at_ = kernels_.weight_floats(shape_.channels_in, shape_.channels_out);
    sum_floats_ = round_to_line(bias_at_ + static_cast<std::size_t>(shape_.channels_out));
    thread_floats_ = round_to_line(kernels_.scratch_floats(shape_.channels_in, shape_.channels_out));
    scratch_floats_ = static_cast<std::size_t>(batch_chunks(src[0])) * sum_floats_ +
                      static_cast<std::size_t>(context.threads()) * thread_floats_;
}

void WinnerWeightGradient::backward(Context& context, Tensor src, Tensor diff_dst, Tensor winner,
                                    Tensor diff_weights, Tensor diff_bias, Tensor scratch) const {
    const std::int64_t clips = src.rows();
    const int chunks = batch_chunks(clips);
    auto* sums = static_cast<float*>(scratch.data);
    float* per_thread = sums + static_cast<std::size_t>(chunks) * sum_floats_;
    context.pool().parallel_for(chunks, [&](std::int64_t chunk, int thread) {
        WinnerGradient g = shape_;
        g.src = src.f32();
        g.diff_dst = diff_dst.f32();
        g.winner = winner.u8();
        g.first_clip = clips * chunk / chunks;
        g.last_clip = clips * (chunk + 1) / chunks;
        g.sums = sums + static_cast<std::size_t>(chunk) * sum_floats_;
        g.scratch = per_thread + static_cast<std::size_t>(thread) * thread_floats_;
        kernels_.gradient(g);
    });
    add_chunks(context, sums, chunks, diff_weights.f32());
    std::copy_n(sums + bias_at_, shape_.channels_out, diff_bias.f32());
}

// Adds the sums of all chunks to the first one's, in order, and writes [slice][k][tap][lane] as
// [tap][c][k] = HWIO.
void WinnerWeightGradient::add_chunks(Context& context, float* sums, int chunks, float* diff_weights) const {
    constexpr int kChannels = 16;  // out, of a task
    const int c = shape_.channels_in;
    const int k = shape_.channels_out;
    const int groups = (k + kChannels - 1) / kChannels;
    const int slices = (c + gemm_.lanes - 1) / gemm_.lanes;
    const int tap_floats = 9 * gemm_.lanes;
    const auto add = [&](float* to, std::int64_t floats) {
        for (int chunk = 1; chunk < chunks; ++chunk) {
            const float* more = to + static_cast<std::size_t>(chunk) * sum_floats_;
            for (std::int64_t i = 0; i < floats; ++i) to[i] += more[i];
        }
    };
    context.pool().parallel_for(slices * groups, [&](std::int64_t task, int) {
        const int c0 = static_cast<int>(task / groups) * gemm_.lanes;
        const int k0 = static_cast<int>(task % groups) * kChannels;
        const int channels = std::min(kChannels, k - k0);
        float* from = sums + (task / groups * k + k0) * tap_floats;
        add(from, std::int64_t{channels} * tap_floats);
        for (int tap = 0; tap < 9; ++tap) {
            gemm_.transpose(from + tap * gemm_.lanes, tap_floats, channels, std::min(gemm_.lanes, c - c0),
                            diff_weights + (std::int64_t{tap} * c + c0) * k + k0, k);
        }
    });
    add(sums + bias_at_, k);
}

}  // namespace kickdrum
