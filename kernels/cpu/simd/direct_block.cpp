// SPDX-License-Identifier: MIT
// The first block of a network, one input channel: nine multiplications per output are too few for Winograd's
// transforms to pay, so the convolution is done directly, four outputs of a pooling window at a time.
#include "kernels/cpu/conv_kernels.h"
#include "kernels/cpu/simd/channel_io.h"

namespace kickdrum::KICKDRUM_SIMD_NAMESPACE {
namespace {

// A line holds a row of the image with zeros around it, and room for the vectors that read past its end.
KICKDRUM_ALWAYS_INLINE int line_pitch(int w) {
    return w + 2 + 2 * kLanes;
}

std::size_t row_floats(int w) {
    return std::size_t{4} * static_cast<std::size_t>(line_pitch(w));
}

// The four image rows under a row of pooling windows, rows outside the image as zeros.
KICKDRUM_ALWAYS_INLINE void load_lines(const DirectRow& r) {
    const int pitch = line_pitch(r.w);
    for (int i = 0; i < 4; ++i) {
        float* line = r.scratch + std::ptrdiff_t{i} * pitch;
        const int y = 2 * r.row - r.before + i;
        __builtin_memset(line, 0, static_cast<std::size_t>(pitch) * sizeof(float));
        if (y >= 0 && y < r.h) {
            __builtin_memcpy(line + r.before, r.src + std::ptrdiff_t{y} * r.w,
                             static_cast<std::size_t>(r.w) * sizeof(float));
        }
    }
}

// `vectors` channel vectors at a time: each tap's weights are loaded once and meet four outputs.
template <int vectors, class Io>
KICKDRUM_ALWAYS_INLINE void forward_channels(const DirectRow& r, int c, int stride, Io io) {
    const int pitch = line_pitch(r.w);
    for (int p = 0; p < r.pooled_w; ++p) {
        const float* s = r.scratch + 2 * p;
        const float* f = opaque(r.weights + c);
        Vec z[4][vectors] = {};
        KICKDRUM_UNROLL for (int q = 0; q < 9; ++q) {
            Vec w[vectors];
            KICKDRUM_UNROLL for (int v = 0; v < vectors; ++v) w[v] = load(f + q * stride + v * kLanes);
            KICKDRUM_UNROLL for (int o = 0; o < 4; ++o) {
                KICKDRUM_UNROLL for (int v = 0; v < vectors; ++v) {
                    z[o][v] += w[v] * s[(o / 2 + q / 3) * pitch + o % 2 + q % 3];
                }
            }
        }
        const std::ptrdiff_t at = std::ptrdiff_t{p} * r.channels + c;
        KICKDRUM_UNROLL for (int v = 0; v < vectors; ++v) {
            const Pooled pooled =
                pool_relu(z[0][v], z[1][v], z[2][v], z[3][v], load(r.bias + c + v * kLanes));
            io.write(r.dst + at + v * kLanes, pooled.value);
            io.write(r.dst_winner + at + v * kLanes, pooled.winner);
        }
    }
}

int padded_channels(int channels) {
    return (channels + kLanes - 1) / kLanes * kLanes;
}

void forward(const DirectRow& r) {
    load_lines(r);
    const int stride = padded_channels(r.channels);
    int c = 0;
    for (; c + 2 * kLanes <= r.channels; c += 2 * kLanes) forward_channels<2>(r, c, stride, WholeVector{});
    for (; c + kLanes <= r.channels; c += kLanes) forward_channels<1>(r, c, stride, WholeVector{});
    if (c < r.channels) forward_channels<1>(r, c, stride, PartOfVector{r.channels - c});
}

// The input under each lane's winner is picked by a permutation of a row of four: no masked multiplications.
template <class Io>
KICKDRUM_ALWAYS_INLINE void backward_channels(const DirectRow& r, int c, int stride, Io io) {
    const int pitch = line_pitch(r.w);
    float* partial = r.partial + c;
    Vec sum[10];
    KICKDRUM_UNROLL for (int q = 0; q < 10; ++q) sum[q] = load(partial + q * stride);
    for (int p = 0; p < r.pooled_w; ++p) {
        const std::ptrdiff_t at = std::ptrdiff_t{p} * r.channels + c;
        const IntVec winner = io.read(r.winner + at);
        const Vec g = keep(winner < 4, io.read(r.diff_dst + at));
        const IntVec place = (winner & 1) + ((winner & 2) << 1);  // in rows of four
        const float* s = r.scratch + 2 * p;
#if KICKDRUM_SIMD_BYTES >= 32
        KICKDRUM_UNROLL for (int row = 0; row < 3; ++row) {
            const Vec table = load_rows4(s + (kLanes == 16 ? 0 : row) * pitch, pitch);
            const int base = kLanes == 16 ? 4 * row : 0;
            KICKDRUM_UNROLL for (int q = 0; q < 3; ++q) sum[3 * row + q] +=
                g * permute(table, place + (base + q));
        }
#else
        KICKDRUM_UNROLL for (int q = 0; q < 9; ++q) {
            Vec picked;
            for (int lane = 0; lane < kLanes; ++lane) {
                picked[lane] = s[(place[lane] / 4 + q / 3) * pitch + place[lane] % 4 + q % 3];
            }
            sum[q] += g * picked;
        }
#endif
        sum[9] += g;
    }
    KICKDRUM_UNROLL for (int q = 0; q < 10; ++q) store(partial + q * stride, sum[q]);
}

void backward(const DirectRow& r) {
    load_lines(r);
    const int stride = padded_channels(r.channels);
    for_channels(r.channels, [&](auto io, int c) { backward_channels(r, c, stride, io); });
}

}  // namespace

extern const DirectKernels kDirectKernels;
const DirectKernels kDirectKernels = {.row_floats = row_floats, .forward = forward, .backward = backward};

}  // namespace kickdrum::KICKDRUM_SIMD_NAMESPACE
