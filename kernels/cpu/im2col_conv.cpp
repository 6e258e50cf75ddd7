// SPDX-License-Identifier: MIT
#include "kernels/cpu/im2col_conv.h"

#include <algorithm>
#include <cstring>

#include "kernels/cpu/winograd_conv.h"

namespace kickdrum {
namespace {

constexpr int kPixels = 48;  // of a strip: patches, products and a panel of weights stay in the L2 cache

int to_panels(int columns, int panel) {
    return (columns + panel - 1) / panel * panel;
}

// [rows][cols] -> its transpose in packed panels: [panels of rows][cols][panel].
void pack_transposed(const float* src, int rows, int cols, int panel, float* packed) {
    for (int r0 = 0; r0 < rows; r0 += panel) {
        for (int col = 0; col < cols; ++col) {
            float* to =
                packed + (static_cast<std::ptrdiff_t>(r0) * cols) + static_cast<std::ptrdiff_t>(col) * panel;
            for (int r = 0; r < panel; ++r) {
                to[r] = r0 + r < rows ? src[static_cast<std::ptrdiff_t>(r0 + r) * cols + col] : 0.0F;
            }
        }
    }
}

}  // namespace

Im2colConv::Im2colConv(const Context& context, const Shape& src, const Conv2dSpec& spec)
    : gemm_(gemm_kernels(context.simd())),
      spec_(spec),
      src_shape_(src),
      rows_(window_extent(src[1], spec.kernel.h, spec.stride.h, spec.dilation.h, spec.padding)),
      columns_(window_extent(src[2], spec.kernel.w, spec.stride.w, spec.dilation.w, spec.padding)),
      is_pointwise_(spec.kernel == Extent2d{1, 1} && spec.stride == Extent2d{}),
      c_(static_cast<int>(src[3])),
      k_(spec.channels_out),
      depth_(spec.kernel.h * spec.kernel.w * c_),
      k_padded_(to_panels(k_, gemm_.panel)),
      depth_padded_(to_panels(depth_, gemm_.panel)) {
    p_ = rows_.out;
    q_ = columns_.out;
    const auto threads = static_cast<std::size_t>(context.threads());
    const auto depth = static_cast<std::size_t>(depth_);
    const auto k = static_cast<std::size_t>(k_padded_);
    const auto depth_wide = static_cast<std::size_t>(depth_padded_);
    // Patches beside products: pixels x (depth and k), whichever way round.
    thread_floats_ = round_to_line(kPixels * (depth_wide + k));
    partial_floats_ = round_to_line((depth + 1) * k);
    const std::size_t packed = round_to_line(std::max(depth * k, static_cast<std::size_t>(k_) * depth_wide));
    const std::size_t partials = static_cast<std::size_t>(batch_chunks(src[0])) * partial_floats_;
    scratch_floats_ = std::max(packed, partials) + threads * thread_floats_;
}

Im2colConv::Pixel Im2colConv::first_tap(std::int64_t pixel) const {
    return {pixel / q_ * spec_.stride.h - rows_.before, pixel % q_ * spec_.stride.w - columns_.before};
}

// Calls row(offset in a patch, offset in the clip, floats) for every stretch of a patch that lies in the image
// and is contiguous in both; outside(offset in the patch, floats) for what lies beside it.
template <class Row, class Outside>
void Im2colConv::for_each_stretch(Pixel at, const Row& row, const Outside& outside) const {
    const int dilation = spec_.dilation.w;
    const int taps = dilation == 1 ? spec_.kernel.w : 1;  // of a stretch
    std::ptrdiff_t offset = 0;
    for (int r = 0; r < spec_.kernel.h; ++r) {
        const std::int64_t y = at.y + std::int64_t{r} * spec_.dilation.h;
        for (int s = 0; s < spec_.kernel.w; s += taps, offset += static_cast<std::ptrdiff_t>(taps) * c_) {
            const std::int64_t x = at.x + std::int64_t{s} * dilation;
            const auto first = static_cast<int>(std::clamp<std::int64_t>(-x, 0, taps));
            auto end = static_cast<int>(std::clamp<std::int64_t>(src_shape_[2] - x, first, taps));
            if (y < 0 || y >= src_shape_[1]) end = first;
            if (first > 0) outside(offset, first * c_);
            if (end > first)
                row(offset + static_cast<std::ptrdiff_t>(first) * c_, (y * src_shape_[2] + x + first) * c_,
                    (end - first) * c_);
            if (end < taps) outside(offset + static_cast<std::ptrdiff_t>(end) * c_, (taps - end) * c_);
        }
    }
}

void Im2colConv::gather(const float* clip, std::int64_t first, int count, float* rows) const {
    for (int i = 0; i < count; ++i) {
        float* const to = rows + static_cast<std::ptrdiff_t>(i) * depth_;
        for_each_stretch(
            first_tap(first + i),
            [&](std::ptrdiff_t offset, std::int64_t from, int floats) {
                for (int k = 0; k < floats; ++k) to[offset + k] = clip[from + k];
            },
            [&](std::ptrdiff_t offset, int floats) { std::fill_n(to + offset, floats, 0.0F); });
    }
}

void Im2colConv::scatter_add(const float* rows, std::int64_t first, int count, float* clip) const {
    for (int i = 0; i < count; ++i) {
        const float* const from = rows + static_cast<std::ptrdiff_t>(i) * depth_padded_;
        for_each_stretch(
            first_tap(first + i),
            [&](std::ptrdiff_t offset, std::int64_t to, int floats) {
                for (int k = 0; k < floats; ++k) clip[to + k] += from[offset + k];
            },
            [](std::ptrdiff_t, int) {});
    }
}

// The patches of output pixels [first, first + count): where they lie, or gathered into `memory`.
const float* Im2colConv::patches_of(const float* clip, std::int64_t first, int count, float* memory) const {
    if (is_pointwise_) return clip + first * c_;
    gather(clip, first, count, memory);
    return memory;
}

void Im2colConv::forward(Context& context, Tensor src, Tensor weights, Tensor bias, Tensor dst,
                         Tensor scratch) const {
    auto* packed = static_cast<float*>(scratch.data);
    gemm_.pack_panels(weights.f32(), k_, depth_, k_, packed);
    float* per_thread = static_cast<float*>(scratch.data) + scratch_floats_ -
                        static_cast<std::size_t>(context.threads()) * thread_floats_;
    const std::int64_t pixels = p_ * q_;
    const std::int64_t strips = (pixels + kPixels - 1) / kPixels;
    context.pool().parallel_for(src.rows() * strips, [&](std::int64_t task, int thread) {
        const std::int64_t clip = task / strips;
        const std::int64_t first = task % strips * kPixels;
        const int count = static_cast<int>(std::min<std::int64_t>(kPixels, pixels - first));
        float* memory = per_thread + static_cast<std::size_t>(thread) * thread_floats_;
        const float* patches = patches_of(src.f32() + clip * src_shape_.row_count(), first, count, memory);
        float* results = dst.f32() + (clip * pixels + first) * k_;
        const bool in_place = k_ == k_padded_ && !bias;
        float* products = in_place ? results : memory + static_cast<std::ptrdiff_t>(kPixels) * depth_padded_;
        for (int k0 = 0; k0 < k_; k0 += gemm_.panel) {
            gemm_.multiply(count, patches, depth_, packed + static_cast<std::ptrdiff_t>(k0) * depth_,
                           products + k0, k_padded_, depth_);
        }
        for (int i = 0; i < count && !in_place; ++i) {
            float* to = results + static_cast<std::ptrdiff_t>(i) * k_;
            const float* from = products + static_cast<std::ptrdiff_t>(i) * k_padded_;
            if (bias) {
                for (int k = 0; k < k_; ++k) to[k] = from[k] + bias.f32()[k];
            } else {
                std::copy_n(from, k_, to);
            }
        }
    });
}

void Im2colConv::backward_src(Context& context, Tensor diff_dst, Tensor weights, Tensor diff_src,
                              Tensor scratch) const {
    auto* packed = static_cast<float*>(scratch.data);
    pack_transposed(weights.f32(), depth_, k_, gemm_.panel, packed);
    float* per_thread = static_cast<float*>(scratch.data) + scratch_floats_ -
                        static_cast<std::size_t>(context.threads()) * thread_floats_;
    const std::int64_t pixels = p_ * q_;
    context.pool().parallel_for(diff_dst.rows(), [&](std::int64_t clip, int thread) {
        float* patches = per_thread + static_cast<std::size_t>(thread) * thread_floats_;
        float* image = diff_src.f32() + clip * src_shape_.row_count();
        std::memset(image, 0, static_cast<std::size_t>(src_shape_.row_count()) * sizeof(float));
        for (std::int64_t first = 0; first < pixels; first += kPixels) {
            const int count = static_cast<int>(std::min<std::int64_t>(kPixels, pixels - first));
            const float* gradient = diff_dst.f32() + (clip * pixels + first) * k_;
            for (int d0 = 0; d0 < depth_; d0 += gemm_.panel) {
                gemm_.multiply(count, gradient, k_, packed + static_cast<std::ptrdiff_t>(d0) * k_,
                               patches + d0, depth_padded_, k_);
            }
            scatter_add(patches, first, count, image);
        }
    });
}

void Im2colConv::backward_weights(Context& context, Tensor src, Tensor diff_dst, Tensor diff_weights,
                                  Tensor diff_bias, Tensor scratch) const {
    auto* partials = static_cast<float*>(scratch.data);
    float* per_thread = static_cast<float*>(scratch.data) + scratch_floats_ -
                        static_cast<std::size_t>(context.threads()) * thread_floats_;
    const std::int64_t clips = src.rows();
    const std::int64_t pixels = p_ * q_;
    const int chunks = batch_chunks(clips);
    context.pool().parallel_for(chunks, [&](std::int64_t chunk, int thread) {
        float* sums = partials + static_cast<std::size_t>(chunk) * partial_floats_;
        float* bias = sums + static_cast<std::ptrdiff_t>(depth_) * k_padded_;
        float* memory = per_thread + static_cast<std::size_t>(thread) * thread_floats_;
        float* panels = memory + static_cast<std::ptrdiff_t>(kPixels) * depth_padded_;
        std::memset(sums, 0, partial_floats_ * sizeof(float));
        for (std::int64_t clip = clips * chunk / chunks; clip < clips * (chunk + 1) / chunks; ++clip) {
            for (std::int64_t first = 0; first < pixels; first += kPixels) {
                const int count = static_cast<int>(std::min<std::int64_t>(kPixels, pixels - first));
                const float* gradient = diff_dst.f32() + (clip * pixels + first) * k_;
                const float* patches =
                    patches_of(src.f32() + clip * src_shape_.row_count(), first, count, memory);
                gemm_.pack_panels(gradient, k_, count, k_, panels);
                for (int k0 = 0; k0 < k_; k0 += gemm_.panel) {
                    gemm_.multiply_transposed_add(depth_, patches, depth_,
                                                  panels + static_cast<std::ptrdiff_t>(k0) * count, sums + k0,
                                                  k_padded_, count);
                }
                for (int i = 0; i < count && diff_bias; ++i) {
                    for (int k = 0; k < k_; ++k) bias[k] += gradient[static_cast<std::ptrdiff_t>(i) * k_ + k];
                }
            }
        }
    });
    add_partials(context, partials, partial_floats_, chunks, depth_, k_, k_padded_, diff_weights.f32());
    if (diff_bias) {
        add_partials(context, partials + static_cast<std::ptrdiff_t>(depth_) * k_padded_, partial_floats_,
                     chunks, 1, k_, k_padded_, diff_bias.f32());
    }
}

}  // namespace kickdrum
