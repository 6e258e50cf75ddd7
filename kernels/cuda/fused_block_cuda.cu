// SPDX-License-Identifier: MIT
// A block of 8 warps works on a tile of 8 x 16 windows of one clip and on 32 channels of dst. Warps take rows
// of windows, lanes take channels: all lanes read the same input, which lies in shared memory, keep the
// weights of their channel in registers, and write neighbouring numbers.
#include "kernels/cuda/block_tickets.cuh"
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

// BlockInput as kernels see it; without rows, clip i is image i.
template <class S>
struct Source {
    const S* images;
    const std::int32_t* rows;
    int count;  // of images
};

// input[y, x, c] of the tile, with zeros outside src.
template <class S, int C>
__device__ void load_input(const Geometry& g, const Tile& tile, const Source<S>& src, float* input) {
    const std::int64_t image = src.rows != nullptr ? src.rows[tile.clip] : tile.clip;
    const bool exists = image >= 0 && image < src.count;
    const int top = 2 * tile.i - g.before;
    const int left = 2 * tile.j - g.before;
    for (int e = static_cast<int>(threadIdx.x); e < kTileH * kTileW; e += kThreads) {
        const int y = top + e / kTileW;
        const int x = left + e % kTileW;
        const bool inside = exists && y >= 0 && x >= 0 && y < g.h && x < g.w;
        const S* const from = src.images + ((image * g.h + y) * g.w + x) * C;
#pragma unroll
        for (int c = 0; c < C; ++c) input[e * C + c] = inside ? to_float(from[c]) : 0.0F;
    }
}

template <class S, class T, int C>
__global__ void __launch_bounds__(kThreads) forward_kernel(Geometry g, Source<S> src, const T* weights,
                                                           const float* bias, T* dst, std::uint8_t* winner) {
    KICKDRUM_SHARED(float, input, kTileH* kTileW* C);
    const Tile tile(g, static_cast<int>(blockIdx.x));
    load_input<S, C>(g, tile, src, input);
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

// The sums of the parts: partials[part] = [k, 3, 3, c] of the weights' gradient, then [k] of the bias'. The
// last block of a group of parts adds them up in the group's first part, the last of these adds up the
// groups.
constexpr int kGroup = 32;
constexpr std::int64_t kTickets = kMaxParts / kGroup + 1;  // for each 32 channels

struct Gradients {
    float* weights;
    float* bias;
    float* partials;
    unsigned* tickets;
};

// to(column, sum over every `step`-th part of [begin, end)) for the columns of the block's channels.
template <int kTaps, class To>
__device__ void add_parts(const Geometry& g, const float* partials, int begin, int end, int step,
                          const To& to) {
    const int first = static_cast<int>(blockIdx.y) * kWarpSize;
    const int channels = g.channels_out - first < kWarpSize ? g.channels_out - first : kWarpSize;
    const int columns = g.channels_out * (kTaps + 1);
    for (int e = static_cast<int>(threadIdx.x); e < channels * (kTaps + 1); e += kThreads) {
        const int weights = channels * kTaps;
        const int column = e < weights ? first * kTaps + e : g.channels_out * kTaps + first + e - weights;
        float sum = 0;
        for (int part = begin; part < end; part += step)
            sum += __ldcg(partials + std::int64_t{part} * columns + column);
        to(column, sum);
    }
}

// By all threads of every block, when its part is written.
template <int kTaps>
__device__ void finish_gradients(const Geometry& g, const Gradients& to) {
    const int parts = static_cast<int>(gridDim.x);
    const int begin = static_cast<int>(blockIdx.x) / kGroup * kGroup;
    const int end = parts - begin < kGroup ? parts : begin + kGroup;
    const int groups = (parts + kGroup - 1) / kGroup;
    unsigned* const tickets = to.tickets + blockIdx.y * kTickets;
    if (!is_last_block(tickets + 1 + begin / kGroup, static_cast<unsigned>(end - begin))) return;
    const int columns = g.channels_out * (kTaps + 1);
    add_parts<kTaps>(g, to.partials, begin, end, 1, [&](int column, float sum) {
        to.partials[std::int64_t{begin} * columns + column] = sum;
    });
    if (!is_last_block(tickets, static_cast<unsigned>(groups))) return;
    const int weights = g.channels_out * kTaps;
    add_parts<kTaps>(g, to.partials, 0, parts, kGroup, [&](int column, float sum) {
        (column < weights ? to.weights[column] : to.bias[column - weights]) = sum;
    });
}

// A part is a row of tiles.
template <class S, class T, int C>
__global__ void __launch_bounds__(kThreads)
    backward_weights_kernel(Geometry g, Source<S> src, const T* diff_dst, const std::uint8_t* winner,
                            int tiles_of_part, Gradients gradients) {
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
        load_input<S, C>(g, tile, src, input);
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
    float* const to = gradients.partials + std::int64_t{blockIdx.x} * g.channels_out * (kTaps + 1);
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
    finish_gradients<kTaps>(g, gradients);
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
void with_type_and_channels(DType activations, std::int64_t channels, const Task& task) {
    with_activation_type(activations, [&](auto type) {
        switch (channels) {
            case 1: return task(type, ChannelsIn<1>{});
            case 2: return task(type, ChannelsIn<2>{});
            case 3: return task(type, ChannelsIn<3>{});
            default: return task(type, ChannelsIn<kMostFusedChannels>{});
        }
    });
}

// Calls task(Source<S>, std::type_identity<T>, ChannelsIn<C>), T being the type of activations.
template <class Task>
void with_source(const BlockInput& src, DType activations, const Task& task) {
    const auto source = [&]<class S>(std::type_identity<S>) {
        return Source<S>{data_of<const S>(src.images), src.rows ? src.rows.i32() : nullptr,
                         static_cast<int>(src.images.rows())};
    };
    with_type_and_channels(activations, src.images.shape[3],
                           [&]<class T, int C>(std::type_identity<T> type, ChannelsIn<C> channels) {
                               if (src.images.dtype == DType::f32) {
                                   task(source(std::type_identity<float>{}), type, channels);
                               } else if constexpr (std::is_same_v<T, bf16>) {
                                   task(source(std::type_identity<bf16>{}), type, channels);
                               }
                           });
}

LaunchShape block_launch(std::int64_t blocks, int channels_out) {
    return {.grid = dim3(static_cast<unsigned>(blocks),
                         static_cast<unsigned>(divide_up(channels_out, kWarpSize))),
            .block = dim3(kThreads)};
}

}  // namespace

void fused_block_forward(Context& context, int before, const BlockInput& src, Tensor weights, Tensor bias,
                         Tensor dst, Tensor winner) {
    const Geometry g = geometry_of(before, src.images.shape.with_rows(dst.rows()), dst.shape);
    with_source(src, dst.dtype,
                [&]<class S, class T, int C>(Source<S> source, std::type_identity<T>, ChannelsIn<C>) {
                    launch(context, forward_kernel<S, T, C>, block_launch(g.tiles, g.channels_out), g, source,
                           data_of<const T>(weights), bias.f32(), data_of<T>(dst), winner.u8());
                });
}

std::size_t fused_block_partials_bytes(const Shape& src, const Shape& dst) {
    return static_cast<std::size_t>(most_parts(tiles_of(dst), 1) * dst[3] * (9 * src[3] + 1)) * sizeof(float);
}

std::size_t fused_block_tickets_bytes(std::int64_t channels_out) {
    return static_cast<std::size_t>(divide_up(channels_out, kWarpSize) * kTickets) * sizeof(unsigned);
}

void fused_block_backward_weights(Context& context, int before, const BlockInput& src, Tensor diff_dst,
                                  Tensor winner, Tensor diff_weights, Tensor diff_bias, void* partials,
                                  void* tickets) {
    const Geometry g = geometry_of(before, src.images.shape.with_rows(diff_dst.rows()), diff_dst.shape);
    const Parts parts = cut_into_parts(g.tiles, 1);
    const Gradients gradients{.weights = diff_weights.f32(),
                              .bias = diff_bias.f32(),
                              .partials = static_cast<float*>(partials),
                              .tickets = static_cast<unsigned*>(tickets)};
    with_source(src, diff_dst.dtype,
                [&]<class S, class T, int C>(Source<S> source, std::type_identity<T>, ChannelsIn<C>) {
                    launch(context, backward_weights_kernel<S, T, C>,
                           block_launch(parts.count, g.channels_out), g, source, data_of<const T>(diff_dst),
                           winner.u8(), static_cast<int>(parts.size), gradients);
                });
}

void fused_block_backward_src(Context& context, int before, Tensor diff_dst, Tensor winner, Tensor weights,
                              Tensor diff_src) {
    const Geometry g = geometry_of(before, diff_src.shape, diff_dst.shape);
    const auto pixels = static_cast<int>(diff_src.count() / diff_src.shape[3]);
    with_type_and_channels(
        diff_src.dtype, diff_src.shape[3], [&]<class T, int C>(std::type_identity<T>, ChannelsIn<C>) {
            launch(context, backward_src_kernel<T, C>,
                   {.grid = dim3(static_cast<unsigned>(divide_up(pixels, kRows))), .block = dim3(kThreads)},
                   g, data_of<const T>(diff_dst), winner.u8(), data_of<const T>(weights),
                   data_of<T>(diff_src), pixels);
        });
}

}  // namespace kickdrum::cuda
