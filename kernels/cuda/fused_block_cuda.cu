// SPDX-License-Identifier: MIT
// A block of 8 warps works on a tile of 8 x 16 windows of one clip and on 32 channels of dst. Warps take rows
// of windows, lanes take channels: all lanes read the same input, which lies in shared memory, keep the
// weights of their channel in registers, and write neighbouring numbers.
#include "kernels/cuda/column_sums.cuh"
#include "kernels/cuda/elements.cuh"
#include "kernels/cuda/fused_block.cuh"
#include "kernels/cuda/pooled_image.cuh"
#include "kernels/cuda/reduce.cuh"

namespace kickdrum::cuda {
namespace {

constexpr int kRows = 8;  // of windows in a tile: one for each warp
constexpr int kColumns = 16;
constexpr int kThreads = kRows * kWarpSize;
constexpr int kTileH = 2 * kRows + 2;  // of the input under a tile
constexpr int kTileW = 2 * kColumns + 2;

struct Geometry {
    int h, w;  // src
    int dst_h, dst_w;
    int channels_out;
    int before;
    int tiles_h, tiles_w;  // of a clip
    int tiles;             // over all clips
};

// The tile's clip and first window.
struct Tile {
    int clip, i, j;

    __device__ Tile(const Geometry& g, int index)
        : clip(index / g.tiles_w / g.tiles_h),
          i(index / g.tiles_w % g.tiles_h * kRows),
          j(index % g.tiles_w * kColumns) {}
    __device__ std::int64_t dst_offset(const Geometry& g, int row) const {
        return ((std::int64_t{clip} * g.dst_h + i + row) * g.dst_w + j) * g.channels_out;
    }
    __device__ int windows_in_row(const Geometry& g) const {
        return g.dst_w - j < kColumns ? g.dst_w - j : kColumns;
    }
};

// input[y, x, c] of the tile, with zeros outside src.
template <class T, int C>
__device__ void load_input(const Geometry& g, const Tile& tile, const T* src, float* input) {
    const int top = 2 * tile.i - g.before;
    const int left = 2 * tile.j - g.before;
    for (int e = static_cast<int>(threadIdx.x); e < kTileH * kTileW; e += kThreads) {
        const int y = top + e / kTileW;
        const int x = left + e % kTileW;
        const bool inside = y >= 0 && x >= 0 && y < g.h && x < g.w;
        const T* const from = src + ((std::int64_t{tile.clip} * g.h + y) * g.w + x) * C;
#pragma unroll
        for (int c = 0; c < C; ++c) input[e * C + c] = inside ? to_float(from[c]) : 0.0F;
    }
}

template <class T, int C>
__global__ void __launch_bounds__(kThreads) forward_kernel(Geometry g, const T* src, const T* weights,
                                                           const float* bias, T* dst, std::uint8_t* winner) {
    KICKDRUM_SHARED(float, input, kTileH* kTileW* C);
    const Tile tile(g, static_cast<int>(blockIdx.x));
    load_input<T, C>(g, tile, src, input);
    __syncthreads();
    const int row = static_cast<int>(threadIdx.x) / kWarpSize;
    const int channel = static_cast<int>(blockIdx.y * kWarpSize + threadIdx.x % kWarpSize);
    if (channel >= g.channels_out || tile.i + row >= g.dst_h) return;
    float w[9 * C];
#pragma unroll
    for (int m = 0; m < 9 * C; ++m) w[m] = to_float(weights[channel * 9 * C + m]);
    const float b = bias[channel];
    float x[4][4 * C];  // the input under a window; its right half is the left half of the next one
    const float* const first = input + 2 * row * kTileW * C;
#pragma unroll
    for (int y = 0; y < 4; ++y) {
#pragma unroll
        for (int e = 0; e < 2 * C; ++e) x[y][2 * C + e] = first[y * kTileW * C + e];
    }
    std::int64_t at = tile.dst_offset(g, row) + channel;
    const int count = tile.windows_in_row(g);
    for (int j = 0; j < count; ++j, at += g.channels_out) {
#pragma unroll
        for (int y = 0; y < 4; ++y) {
#pragma unroll
            for (int e = 0; e < 2 * C; ++e) {
                x[y][e] = x[y][2 * C + e];
                x[y][2 * C + e] = first[(y * kTileW + 2 * j + 2) * C + e];
            }
        }
        float z[4] = {};
#pragma unroll
        for (int r = 0; r < 3; ++r) {
#pragma unroll
            for (int e = 0; e < 3 * C; ++e) {
                const float weight = w[r * 3 * C + e];
#pragma unroll
                for (int p = 0; p < 4; ++p) z[p] = fmaf(x[p / 2 + r][p % 2 * C + e], weight, z[p]);
            }
        }
        const Pooled pooled = pool_relu(z[0], z[1], z[2], z[3], b);
        dst[at] = from_float<T>(pooled.value);
        winner[at] = pooled.winner;
    }
}

// A part is a row of tiles: partials[part] = [k, 3, 3, c] of the weights' gradient, then [k] of the bias'.
template <class T, int C>
__global__ void __launch_bounds__(kThreads)
    backward_weights_kernel(Geometry g, const T* src, const T* diff_dst, const std::uint8_t* winner,
                            int tiles_of_part, float* partials) {
    constexpr int kTaps = 9 * C;
    KICKDRUM_SHARED(float, input, kTileH* kTileW* C);
    KICKDRUM_SHARED(float, shared, kThreads);
    const int thread = static_cast<int>(threadIdx.x);
    const int row = thread / kWarpSize;
    const int channel = static_cast<int>(blockIdx.y) * kWarpSize + thread % kWarpSize;
    float sums[kTaps + 1] = {};
    const int begin = static_cast<int>(blockIdx.x) * tiles_of_part;
    const int end = g.tiles - begin < tiles_of_part ? g.tiles : begin + tiles_of_part;
    for (int index = begin; index < end; ++index) {
        const Tile tile(g, index);
        __syncthreads();  // everybody is done with the tile before
        load_input<T, C>(g, tile, src, input);
        __syncthreads();
        if (channel >= g.channels_out || tile.i + row >= g.dst_h) continue;
        std::int64_t at = tile.dst_offset(g, row) + channel;
        const int count = tile.windows_in_row(g);
        for (int j = 0; j < count; ++j, at += g.channels_out) {
            const int who = winner[at];
            if (who > 3) continue;
            const float gradient = to_float(diff_dst[at]);
            const float* const x = input + ((2 * row + who / 2) * kTileW + 2 * j + who % 2) * C;
            sums[kTaps] += gradient;
#pragma unroll
            for (int m = 0; m < kTaps; ++m) {
                sums[m] = fmaf(x[m / (3 * C) * kTileW * C + m % (3 * C)], gradient, sums[m]);
            }
        }
    }
    float* const to = partials + std::int64_t{blockIdx.x} * g.channels_out * (kTaps + 1);
#pragma unroll
    for (int m = 0; m <= kTaps; ++m) {
        __syncthreads();
        shared[thread] = sums[m];
        __syncthreads();
        if (row != 0 || channel >= g.channels_out) continue;
        float total = 0;
        for (int other = 0; other < kRows; ++other) total += shared[other * kWarpSize + thread];
        to[m < kTaps ? channel * kTaps + m : g.channels_out * kTaps + channel] = total;
    }
}

// A warp for each pixel of src; its lanes share the channels of dst.
template <class T, int C>
__global__ void __launch_bounds__(kThreads)
    backward_src_kernel(Geometry g, const T* diff_dst, const std::uint8_t* winner, const T* weights,
                        T* diff_src, int pixels) {
    const int lane = static_cast<int>(threadIdx.x) % kWarpSize;
    const int pixel = static_cast<int>(blockIdx.x * kRows + threadIdx.x / kWarpSize);
    if (pixel >= pixels) return;
    const int x = pixel % g.w;
    const int y = pixel / g.w % g.h;
    const std::int64_t clip = pixel / g.w / g.h;
    float sums[C] = {};
    for (int tap = 0; tap < 9; ++tap) {
        const int p = y + g.before - tap / 3;  // where in the convolution's image
        const int q = x + g.before - tap % 3;
        if (p < 0 || q < 0 || p / 2 >= g.dst_h || q / 2 >= g.dst_w) continue;
        const int place = p % 2 * 2 + q % 2;
        const std::int64_t at = ((clip * g.dst_h + p / 2) * g.dst_w + q / 2) * g.channels_out;
        for (int k = lane; k < g.channels_out; k += kWarpSize) {
            if (winner[at + k] != place) continue;
            const float gradient = to_float(diff_dst[at + k]);
#pragma unroll
            for (int c = 0; c < C; ++c) {
                sums[c] = fmaf(gradient, to_float(weights[(k * 9 + tap) * C + c]), sums[c]);
            }
        }
    }
#pragma unroll
    for (int c = 0; c < C; ++c) {
        const float total = warp_reduce(sums[c]);
        if (lane == 0) diff_src[std::int64_t{pixel} * C + c] = from_float<T>(total);
    }
}

std::int64_t tiles_of(const Shape& dst) {
    return dst[0] * divide_up(dst[1], kRows) * divide_up(dst[2], kColumns);
}

Geometry geometry_of(int before, const Shape& src, const Shape& dst) {
    const std::int64_t pixels = src[0] * src[1] * src[2];
    require(pixels < (std::int64_t{1} << 31), "conv_block: {} pixels are more than one call can take",
            pixels);
    return {.h = static_cast<int>(src[1]),
            .w = static_cast<int>(src[2]),
            .dst_h = static_cast<int>(dst[1]),
            .dst_w = static_cast<int>(dst[2]),
            .channels_out = static_cast<int>(dst[3]),
            .before = before,
            .tiles_h = static_cast<int>(divide_up(dst[1], kRows)),
            .tiles_w = static_cast<int>(divide_up(dst[2], kColumns)),
            .tiles = static_cast<int>(tiles_of(dst))};
}

template <int kSize>
using ChannelsIn = std::integral_constant<int, kSize>;

// Calls task(std::type_identity<T>, ChannelsIn<C>).
template <class Task>
void with_type_and_channels(const Tensor& activation, std::int64_t channels, const Task& task) {
    with_activation_type(activation.dtype, [&](auto type) {
        switch (channels) {
            case 1: return task(type, ChannelsIn<1>{});
            case 2: return task(type, ChannelsIn<2>{});
            case 3: return task(type, ChannelsIn<3>{});
            default: return task(type, ChannelsIn<kMostFusedChannels>{});
        }
    });
}

LaunchShape block_launch(std::int64_t blocks, int channels_out) {
    return {.grid = dim3(static_cast<unsigned>(blocks),
                         static_cast<unsigned>(divide_up(channels_out, kWarpSize))),
            .block = dim3(kThreads)};
}

}  // namespace

void fused_block_forward(Context& context, int before, Tensor src, Tensor weights, Tensor bias, Tensor dst,
                         Tensor winner) {
    const Geometry g = geometry_of(before, src.shape, dst.shape);
    with_type_and_channels(src, src.shape[3], [&]<class T, int C>(std::type_identity<T>, ChannelsIn<C>) {
        launch(context, forward_kernel<T, C>, block_launch(g.tiles, g.channels_out), g, data_of<const T>(src),
               data_of<const T>(weights), bias.f32(), data_of<T>(dst), winner.u8());
    });
}

std::size_t fused_block_partials_bytes(const Shape& src, const Shape& dst) {
    return static_cast<std::size_t>(most_parts(tiles_of(dst), 1) * dst[3] * (9 * src[3] + 1)) * sizeof(float);
}

void fused_block_backward_weights(Context& context, int before, Tensor src, Tensor diff_dst, Tensor winner,
                                  Tensor diff_weights, Tensor diff_bias, void* partials) {
    const Geometry g = geometry_of(before, src.shape, diff_dst.shape);
    const Parts parts = cut_into_parts(g.tiles, 1);
    auto* const sums = static_cast<float*>(partials);
    with_type_and_channels(src, src.shape[3], [&]<class T, int C>(std::type_identity<T>, ChannelsIn<C>) {
        launch(context, backward_weights_kernel<T, C>, block_launch(parts.count, g.channels_out), g,
               data_of<const T>(src), data_of<const T>(diff_dst), winner.u8(), static_cast<int>(parts.size),
               sums);
    });
    sum_partials(context, sums, parts.count, {diff_weights.f32(), diff_weights.count()},
                 {diff_bias.f32(), diff_bias.count()});
}

void fused_block_backward_src(Context& context, int before, Tensor diff_dst, Tensor winner, Tensor weights,
                              Tensor diff_src) {
    const Geometry g = geometry_of(before, diff_src.shape, diff_dst.shape);
    const auto pixels = static_cast<int>(diff_src.count() / diff_src.shape[3]);
    with_type_and_channels(
        diff_src, diff_src.shape[3], [&]<class T, int C>(std::type_identity<T>, ChannelsIn<C>) {
            launch(context, backward_src_kernel<T, C>,
                   {.grid = dim3(static_cast<unsigned>(divide_up(pixels, kRows))), .block = dim3(kThreads)},
                   g, data_of<const T>(diff_dst), winner.u8(), data_of<const T>(weights),
                   data_of<T>(diff_src), pixels);
        });
}

}  // namespace kickdrum::cuda
