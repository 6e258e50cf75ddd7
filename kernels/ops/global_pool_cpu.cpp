// SPDX-License-Identifier: MIT
#include <algorithm>

#include "kernels/cpu/pool_kernels.h"
#include "kernels/ops/global_pool.h"

namespace kickdrum::cpu {
namespace {

constexpr std::int64_t kChannelsPerTask = 64;

}  // namespace

void global_pool_forward(Context& context, PoolKind kind, Tensor src, Tensor dst, Tensor winner) {
    const PoolKernels& kernels = pool_kernels(context.simd());
    const std::int64_t cells = src.shape[1] * src.shape[2];
    const std::int64_t channels = src.shape[3];
    const std::int64_t tiles = (channels + kChannelsPerTask - 1) / kChannelsPerTask;
    context.pool().parallel_for(src.rows() * tiles, [&](std::int64_t index, int) {
        const std::int64_t clip = index / tiles;
        const std::int64_t first = index % tiles * kChannelsPerTask;
        const std::int64_t width = std::min(kChannelsPerTask, channels - first);
        const float* from = src.f32() + clip * cells * channels + first;
        const std::int64_t at = clip * channels + first;
        if (kind == PoolKind::average)
            return kernels.global_average(from, cells, channels, width, dst.f32() + at);
        kernels.global_max(from, cells, channels, width, dst.f32() + at, winner.i32() + at);
    });
}

void global_pool_backward(Context& context, PoolKind kind, Tensor diff_dst, Tensor winner, Tensor diff_src) {
    const std::int64_t height = diff_src.shape[1];
    const std::int64_t width = diff_src.shape[2];
    const std::int64_t channels = diff_src.shape[3];
    const float share = 1 / static_cast<float>(height * width);
    context.pool().parallel_for(diff_src.rows() * height, [&](std::int64_t index, int) {
        const std::int64_t clip = index / height;
        const std::int64_t row = index % height;
        const float* gradient = diff_dst.f32() + clip * channels;
        const std::int32_t* who = kind == PoolKind::max ? winner.i32() + clip * channels : nullptr;
        for (std::int64_t column = 0; column < width; ++column) {
            float* cell = diff_src.f32() + (index * width + column) * channels;
            const auto number = static_cast<std::int32_t>(row * width + column);
            for (std::int64_t k = 0; k < channels; ++k) {
                cell[k] = who == nullptr ? gradient[k] * share : who[k] == number ? gradient[k] : 0;
            }
        }
    });
}

}  // namespace kickdrum::cpu
