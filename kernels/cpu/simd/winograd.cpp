// SPDX-License-Identifier: MIT
// Winograd's passes over runs of tiles, and the packing of the weights. See winograd_transforms.h for the formulas.
#include "kernels/cpu/conv_kernels.h"
#include "kernels/cpu/simd/gemm.h"
#include "kernels/cpu/simd/winograd_tiles.h"

namespace kickdrum::KICKDRUM_SIMD_NAMESPACE {

KICKDRUM_ALWAYS_INLINE int padded(int channels, int unit) { return (channels + unit - 1) / unit * unit; }

// 36 planes of tiles x channels; + 16 so that no two planes meet on the same L1 sets.
KICKDRUM_ALWAYS_INLINE std::ptrdiff_t plane_floats(int tiles, int channels) {
    return std::ptrdiff_t{tiles} * channels + 16;
}

// Windows of one tile: up to 36 floats and 16 bytes per channel.
KICKDRUM_ALWAYS_INLINE std::size_t window_floats(int channels) {
    return static_cast<std::size_t>(padded(channels, kLanes)) * (36 + 4);
}

namespace {

std::size_t winograd_strip_floats(int channels_in, int tiles) {
    const std::ptrdiff_t planes = 36 * (plane_floats(tiles, padded(channels_in, kLanes)) + plane_floats(tiles, kPanel));
    return static_cast<std::size_t>(planes) + window_floats(channels_in);
}

// U is read once per strip, front to back; a panel's products go through the output transform at once.
template <class Source, class Sink>
KICKDRUM_ALWAYS_INLINE void run_strip(const WinogradStrip& s, const Source& source, const Sink& sink, float* v) {
    const int c = s.channels_in;
    const int c_stride = padded(c, kLanes);
    const std::ptrdiff_t v_plane = plane_floats(s.tiles, c_stride);
    const std::ptrdiff_t m_plane = plane_floats(s.tiles, kPanel);
    float* m = v + 36 * v_plane;
    for (int t = 0; t < s.tiles; ++t) source(s.first_tile + t, v + std::ptrdiff_t{t} * c_stride, v_plane);
    const float* u = s.weights;
    for (int k0 = 0; k0 < s.channels_out; k0 += kPanel) {
        for (int xi = 0; xi < 36; ++xi, u += std::ptrdiff_t{c} * kPanel) {
            gemm_panel<false, false>(s.tiles, v + xi * v_plane, c_stride, u, kPanel, m + xi * m_plane, kPanel, c);
        }
        const int channels = min_of(kPanel, s.channels_out - k0);
        for (int t = 0; t < s.tiles; ++t) {
            sink(s.first_tile + t, m + std::ptrdiff_t{t} * kPanel, m_plane, k0, channels);
        }
    }
}

PlainSource plain_source(const WinogradStrip& s) {
    return {s.src, s.src_h, s.src_w, s.channels_in, s.before, s.tiles_y, s.tiles_x, s.scratch};
}

void winograd_plain(const WinogradStrip& s) {
    const PlainSink sink{s.dst, s.bias, s.dst_h, s.dst_w, s.channels_out, s.tiles_y, s.tiles_x};
    run_strip(s, plain_source(s), sink, s.scratch + window_floats(s.channels_in));
}

void winograd_pool(const WinogradStrip& s) {
    const PoolSink sink{s.dst, s.dst_winner, s.bias, s.dst_h, s.dst_w, s.channels_out, s.tiles_y, s.tiles_x};
    run_strip(s, plain_source(s), sink, s.scratch + window_floats(s.channels_in));
}

template <int odd>
void winograd_unpool_at(const WinogradStrip& s) {
    const int c = s.channels_in;
    const UnpoolSource<odd> source{s.src,
                                   s.winner,
                                   s.src_h,
                                   s.src_w,
                                   c,
                                   s.tiles_y,
                                   s.tiles_x,
                                   s.scratch,
                                   reinterpret_cast<std::uint8_t*>(s.scratch + std::ptrdiff_t{36} * padded(c, kLanes))};
    const PlainSink sink{s.dst, s.bias, s.dst_h, s.dst_w, s.channels_out, s.tiles_y, s.tiles_x};
    run_strip(s, source, sink, s.scratch + window_floats(c));
}

// A gradient image that begins `before` rows early begins at an odd row of its pooling windows where `before` is odd.
void winograd_unpool(const WinogradStrip& s) {
    if (s.before % 2 == 1) {
        winograd_unpool_at<1>(s);
    } else {
        winograd_unpool_at<0>(s);
    }
}

std::size_t winograd_gradient_floats(int channels_in, int channels_out, int tiles) {
    const int out = padded(channels_out, kPanel);
    const std::ptrdiff_t planes =
        36 * (plane_floats(tiles, padded(channels_in, kLanes)) + plane_floats(tiles, out) + plane_floats(channels_in, out));
    return static_cast<std::size_t>(planes) + window_floats(channels_in) + window_floats(channels_out);
}

template <class Gradient>
KICKDRUM_ALWAYS_INLINE void run_gradient(const WinogradGradient& g, const Gradient& gradient, int tiles, float* v) {
    const int c = g.channels_in;
    const int c_stride = padded(c, kLanes);
    const int k_padded = padded(g.channels_out, kPanel);
    const std::ptrdiff_t v_plane = plane_floats(tiles, c_stride);
    const std::ptrdiff_t g_plane = plane_floats(tiles, k_padded);
    const std::ptrdiff_t u_plane = plane_floats(c, k_padded);
    float* panels = v + 36 * v_plane;
    float* du = panels + 36 * g_plane;
    float* bias = g.partial + std::ptrdiff_t{9} * c * k_padded;
    __builtin_memset(du, 0, static_cast<std::size_t>(36 * u_plane) * sizeof(float));
    __builtin_memset(bias, 0, static_cast<std::size_t>(k_padded) * sizeof(float));

    const PlainSource source{g.src, g.src_h, g.src_w, c, g.before, g.tiles_y, g.tiles_x, g.scratch};
    for (std::int64_t t0 = g.first_tile; t0 < g.last_tile; t0 += tiles) {
        const int count = g.last_tile - t0 < tiles ? static_cast<int>(g.last_tile - t0) : tiles;
        for (int t = 0; t < count; ++t) {
            source(t0 + t, v + std::ptrdiff_t{t} * c_stride, v_plane);
            gradient(t0 + t, panels + std::ptrdiff_t{t} * kPanel, g_plane, std::ptrdiff_t{tiles} * kPanel, kPanel, bias);
        }
        for (int xi = 0; xi < 36; ++xi) {
            for (int k0 = 0; k0 < k_padded; k0 += kPanel) {
                gemm_panel<true, true>(c, v + xi * v_plane, c_stride, panels + xi * g_plane + std::ptrdiff_t{k0} * tiles,
                                       kPanel, du + xi * u_plane + std::ptrdiff_t{k0} * c, kPanel, count);
            }
        }
    }
    for (int i = 0; i < c; ++i) {
        for (int j = 0; j < k_padded; j += kLanes) {
            const float* from = du + (std::ptrdiff_t{j / kPanel} * c + i) * kPanel + j % kPanel;
            transform_2d<6, 6, 3, 3>(
                [](const Vec* d, Vec* o) KICKDRUM_LAMBDA { transform_weights_back(d, o); },
                [&](int q, Vec* d) KICKDRUM_LAMBDA {
                    for (int p = 0; p < 6; ++p) d[p] = load(from + (p * 6 + q) * u_plane);
                },
                [&](int p, const Vec* o) KICKDRUM_LAMBDA {
                    for (int q = 0; q < 3; ++q) {
                        store(g.partial + (std::ptrdiff_t{p * 3 + q} * c + i) * k_padded + j, o[q]);
                    }
                });
        }
    }
}

void winograd_gradient(const WinogradGradient& g, int tiles_at_once) {
    float* copy = g.scratch + window_floats(g.channels_in);
    float* v = copy + window_floats(g.channels_out);
    if (g.winner == nullptr) {
        run_gradient(g, PlainGradient{g.diff_dst, g.dst_h, g.dst_w, g.channels_out, g.tiles_y, g.tiles_x, copy},
                     tiles_at_once, v);
        return;
    }
    auto* winner_copy =
        reinterpret_cast<std::uint8_t*>(copy + std::ptrdiff_t{36} * padded(g.channels_out, kLanes));
    run_gradient(g,
                 UnpoolGradient{g.diff_dst, g.winner, g.dst_h, g.dst_w, g.channels_out, g.tiles_y, g.tiles_x, copy,
                                winner_copy},
                 tiles_at_once, v);
}

void pack_winograd(const float* weights, int in, int out, bool rotated, int first_in, int last_in, float* packed) {
    for (int i = first_in; i < last_in; ++i) {
        for (int j0 = 0; j0 < padded(out, kPanel); j0 += kLanes) {
            float taps[9][kLanes] = {};
            for (int q = 0; q < 9; ++q) {
                for (int lane = 0; lane < kLanes && j0 + lane < out; ++lane) {
                    const std::ptrdiff_t j = j0 + lane;
                    taps[q][lane] = rotated ? weights[(std::ptrdiff_t{8 - q} * out + j) * in + i]
                                            : weights[(std::ptrdiff_t{q} * in + i) * out + j];
                }
            }
            float* to = packed + (std::ptrdiff_t{j0 / kPanel} * 36 * in + i) * kPanel + j0 % kPanel;
            transform_2d<3, 3, 6, 6>(
                [](const Vec* d, Vec* o) KICKDRUM_LAMBDA { transform_weights(d, o); },
                [&](int x, Vec* d) KICKDRUM_LAMBDA {
                    for (int y = 0; y < 3; ++y) d[y] = load(taps[y * 3 + x]);
                },
                [&](int y, const Vec* o) KICKDRUM_LAMBDA { store_six(to, std::ptrdiff_t{in} * kPanel, y, o); });
        }
    }
}

}  // namespace

extern const WinogradKernels kWinogradKernels;
const WinogradKernels kWinogradKernels = {
    .pack = pack_winograd,
    .strip_floats = winograd_strip_floats,
    .plain = winograd_plain,
    .pool = winograd_pool,
    .unpool = winograd_unpool,
    .gradient_floats = winograd_gradient_floats,
    .gradient = winograd_gradient,
};

}  // namespace kickdrum::KICKDRUM_SIMD_NAMESPACE
