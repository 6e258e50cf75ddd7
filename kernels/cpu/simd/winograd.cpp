// SPDX-License-Identifier: MIT
// Winograd's passes over runs of tiles, and the packing of the weights. See winograd_transforms.h for the
// formulas.
#include "kernels/cpu/conv_kernels.h"
#include "kernels/cpu/simd/gemm.h"
#include "kernels/cpu/simd/winograd_tiles.h"

namespace kickdrum::KICKDRUM_SIMD_NAMESPACE {

KICKDRUM_ALWAYS_INLINE int padded(int channels, int unit) {
    return (channels + unit - 1) / unit * unit;
}

// 36 planes of tiles x channels; + 16 so that no two planes meet on the same L1 sets.
KICKDRUM_ALWAYS_INLINE std::ptrdiff_t plane_floats(int tiles, int channels) {
    return std::ptrdiff_t{tiles} * channels + 16;
}

// A gradient window of one tile: up to 16 floats and 4 bytes per channel.
KICKDRUM_ALWAYS_INLINE std::ptrdiff_t window_floats(int channels) {
    return std::ptrdiff_t{padded(channels, kLanes)} * (16 + 1);
}

namespace {

std::size_t winograd_strip_floats(int channels_in, int tiles) {
    const std::ptrdiff_t planes =
        36 * (plane_floats(tiles, padded(channels_in, kLanes)) + plane_floats(tiles, kPanel));
    return static_cast<std::size_t>(planes + padded(channels_in, kLanes));
}

// The tiles that the matrix product number xi of 36 should fetch, out of `tiles`.
template <class Source>
KICKDRUM_ALWAYS_INLINE void prefetch_share(const Source& source, std::int64_t first_tile, int tiles, int xi) {
    for (int t = tiles * xi / 36; t < tiles * (xi + 1) / 36; ++t) source.prefetch(first_tile + t);
}

// Strips of tiles go through all steps while they're in cache. U is read once per strip, front to back; a
// panel's products go through the output transform at once.
template <class Sink>
KICKDRUM_ALWAYS_INLINE void run_strips(const WinogradStrip& s, int tiles_at_once, const Sink& sink) {
    const int c = s.channels_in;
    const int c_stride = padded(c, kLanes);
    const std::ptrdiff_t v_plane = plane_floats(tiles_at_once, c_stride);
    const std::ptrdiff_t m_plane = plane_floats(tiles_at_once, kPanel);
    float* zeros = s.scratch;
    float* v = zeros + c_stride;
    float* m = v + 36 * v_plane;
    __builtin_memset(zeros, 0, static_cast<std::size_t>(c_stride) * sizeof(float));
    const PlainSource source{s.src, s.src_h, s.src_w, c, s.before, s.tiles_y, s.tiles_x, zeros};
    for (std::int64_t t0 = s.first_tile; t0 < s.last_tile; t0 += tiles_at_once) {
        const auto left = [&](std::int64_t from) {
            return static_cast<int>(s.last_tile - from < tiles_at_once ? s.last_tile - from : tiles_at_once);
        };
        const int tiles = left(t0);
        const int next_tiles = left(t0 + tiles);
        for (int t = 0; t < tiles; ++t) source(t0 + t, v + std::ptrdiff_t{t} * c_stride, v_plane);
        const float* u = s.weights;
        for (int k0 = 0; k0 < s.channels_out; k0 += kPanel) {
            for (int xi = 0; xi < 36; ++xi, u += std::ptrdiff_t{c} * kPanel) {
                if (k0 == 0) {
                    prefetch_share(source, t0 + tiles, next_tiles, xi);
                    prefetch_share(sink, t0, tiles, xi);
                }
                gemm_panel<false, false>(tiles, v + xi * v_plane, c_stride, u, kPanel, m + xi * m_plane,
                                         kPanel, c);
            }
            const int channels = min_of(kPanel, s.channels_out - k0);
            for (int t = 0; t < tiles; ++t)
                sink(t0 + t, m + std::ptrdiff_t{t} * kPanel, m_plane, k0, channels);
        }
    }
}

void winograd_plain(const WinogradStrip& s, int tiles_at_once) {
    run_strips(s, tiles_at_once,
               PlainSink{s.dst, s.bias, s.dst_h, s.dst_w, s.channels_out, s.tiles_y, s.tiles_x});
}

void winograd_pool(const WinogradStrip& s, int tiles_at_once) {
    run_strips(s, tiles_at_once,
               PoolSink{s.dst, s.dst_winner, s.bias, s.dst_h, s.dst_w, s.channels_out, s.tiles_y, s.tiles_x});
}

// Rows of the transformed gradient: + 16 so that they don't meet on the same L1 sets.
KICKDRUM_ALWAYS_INLINE int gradient_stride(int channels_out) {
    return padded(channels_out, kPanel) + 16;
}

// Scratch of the data gradient.
struct DataPlanes {
    DataPlanes(const WinogradGradient& gradient, int tiles_at_once)
        : tiles(tiles_at_once),
          g_stride(gradient_stride(gradient.channels_out)),
          g_plane(plane_floats(tiles, g_stride)),
          m_plane(plane_floats(tiles, kPanel)),
          window(gradient.scratch),
          g(window + window_floats(gradient.channels_out)),
          m(g + 36 * g_plane) {}
    std::size_t floats() const { return static_cast<std::size_t>(m + 36 * m_plane - window); }

    int tiles, g_stride;
    std::ptrdiff_t g_plane, m_plane;
    float* window;
    float* g;  // [36][tiles][g_stride]: A g A^T
    float* m;  // [36][tiles][panel]: products
};

// Scratch of the weight gradient.
struct WeightPlanes {
    WeightPlanes(const WinogradGradient& gradient, int tiles_at_once)
        : tiles(tiles_at_once),
          c_stride(padded(gradient.channels_in, kLanes)),
          g_stride(gradient_stride(gradient.channels_out)),
          k_padded(padded(gradient.channels_out, kPanel)),
          v_plane(plane_floats(tiles, c_stride)),
          g_plane(plane_floats(tiles, g_stride)),
          u_plane(plane_floats(gradient.channels_in, k_padded)),
          window(gradient.scratch),
          zeros(window + window_floats(gradient.channels_out)),
          v(zeros + c_stride),
          g(v + 36 * v_plane),
          du(g + 36 * g_plane) {}
    std::size_t floats() const { return static_cast<std::size_t>(du + 36 * u_plane - window); }

    int tiles, c_stride, g_stride, k_padded;
    std::ptrdiff_t v_plane, g_plane, u_plane;
    float *window, *zeros;
    float* v;   // [36][tiles][c_stride]: B^T d B
    float* g;   // [36][tiles][g_stride]: A g A^T
    float* du;  // [36][panels][c][panel]: sums
};

template <class Planes>
std::size_t winograd_gradient_floats(int channels_in, int channels_out, int tiles) {
    WinogradGradient shape;
    shape.channels_in = channels_in;
    shape.channels_out = channels_out;
    return Planes(shape, tiles).floats();
}

// Calls run(first tile, tiles, tiles of the next run) for runs of up to at_once tiles.
template <class Run>
KICKDRUM_ALWAYS_INLINE void for_tiles(std::int64_t first, std::int64_t last, int at_once, Run run) {
    const auto left = [&](std::int64_t from) {
        return static_cast<int>(last - from < at_once ? last - from : at_once);
    };
    for (std::int64_t t0 = first; t0 < last; t0 += at_once) run(t0, left(t0), left(t0 + left(t0)));
}

// M = G U^T, panel by panel, each at once through its transform.
template <class Gradient>
KICKDRUM_ALWAYS_INLINE void run_data_gradient(const WinogradGradient& g, const DataPlanes& p,
                                              const Gradient& gradient) {
    const OverlapSink sink{g.diff_src, g.src_h, g.src_w, g.channels_in, g.before, g.tiles_y, g.tiles_x};
    for_tiles(g.first_tile, g.last_tile, p.tiles, [&](std::int64_t t0, int count, int next_count) {
        for (int t = 0; t < count; ++t) gradient(t0 + t, p.g + std::ptrdiff_t{t} * p.g_stride, p.g_plane);
        const float* u = g.weights;
        for (int c0 = 0; c0 < g.channels_in; c0 += kPanel) {
            for (int xi = 0; xi < 36; ++xi, u += std::ptrdiff_t{g.channels_out} * kPanel) {
                if (c0 == 0) {
                    prefetch_share(gradient, t0 + count, next_count, xi);
                    prefetch_share(sink, t0, count, xi);
                }
                gemm_panel<false, false>(count, p.g + xi * p.g_plane, p.g_stride, u, kPanel,
                                         p.m + xi * p.m_plane, kPanel, g.channels_out);
            }
            const int channels = min_of(kPanel, g.channels_in - c0);
            for (int t = 0; t < count; ++t) {
                sink(t0 + t, p.m + std::ptrdiff_t{t} * kPanel, p.m_plane, c0, channels);
            }
        }
    });
}

void winograd_data_gradient(const WinogradGradient& g, int tiles_at_once) {
    const DataPlanes p(g, tiles_at_once);
    const int k = g.channels_out;
    if (g.winner == nullptr) {
        run_data_gradient(
            g, p, PlainGradient{g.diff_dst, g.dst_h, g.dst_w, k, g.tiles_y, g.tiles_x, p.window, nullptr});
        return;
    }
    auto* winners = reinterpret_cast<std::uint8_t*>(p.window + std::ptrdiff_t{16} * padded(k, kLanes));
    run_data_gradient(
        g, p,
        UnpoolGradient{g.diff_dst, g.winner, g.dst_h, g.dst_w, k, g.tiles_y, g.tiles_x, p.window, winners});
}

// dw = G^T du G
void transform_weight_sums(const WinogradGradient& g, const WeightPlanes& p) {
    const int c = g.channels_in;
    for (int i = 0; i < c; ++i) {
        for (int j = 0; j < p.k_padded; j += kLanes) {
            const float* from = p.du + (std::ptrdiff_t{j / kPanel} * c + i) * kPanel + j % kPanel;
            transform_2d<6, 6, 3, 3>(
                [](const Vec* d, Vec* o) KICKDRUM_LAMBDA { transform_weights_back(d, o); },
                [&](int q, Vec* d) KICKDRUM_LAMBDA {
                    for (int r = 0; r < 6; ++r) d[r] = load(from + (r * 6 + q) * p.u_plane);
                },
                [&](int r, const Vec* o) KICKDRUM_LAMBDA {
                    for (int q = 0; q < 3; ++q) {
                        store(g.partial + (std::ptrdiff_t{r * 3 + q} * c + i) * p.k_padded + j, o[q]);
                    }
                });
        }
    }
}

void winograd_weight_gradient(const WinogradGradient& g, int tiles_at_once) {
    const WeightPlanes p(g, tiles_at_once);
    const int c = g.channels_in;
    float* bias = g.partial + std::ptrdiff_t{9} * c * p.k_padded;
    __builtin_memset(p.du, 0, static_cast<std::size_t>(36 * p.u_plane) * sizeof(float));
    __builtin_memset(bias, 0, static_cast<std::size_t>(p.k_padded) * sizeof(float));
    __builtin_memset(p.zeros, 0, static_cast<std::size_t>(p.c_stride) * sizeof(float));

    const PlainSource source{g.src, g.src_h, g.src_w, c, g.before, g.tiles_y, g.tiles_x, p.zeros};
    const PlainGradient gradient{g.diff_dst, g.dst_h,   g.dst_w,  g.channels_out,
                                 g.tiles_y,  g.tiles_x, p.window, bias};
    for_tiles(g.first_tile, g.last_tile, p.tiles, [&](std::int64_t t0, int count, int next_count) {
        for (int t = 0; t < count; ++t) {
            gradient(t0 + t, p.g + std::ptrdiff_t{t} * p.g_stride, p.g_plane);
            source(t0 + t, p.v + std::ptrdiff_t{t} * p.c_stride, p.v_plane);
        }
        for (int xi = 0; xi < 36; ++xi) {
            prefetch_share(gradient, t0 + count, next_count, xi);
            prefetch_share(source, t0 + count, next_count, xi);
            for (int k0 = 0; k0 < p.k_padded; k0 += kPanel) {
                gemm_panel<true, true>(c, p.v + xi * p.v_plane, p.c_stride, p.g + xi * p.g_plane + k0,
                                       p.g_stride, p.du + xi * p.u_plane + std::ptrdiff_t{k0} * c, kPanel,
                                       count);
            }
        }
    });
    transform_weight_sums(g, p);
}

void pack_winograd(const float* weights, int in, int out, bool transposed, int first_in, int last_in,
                   float* packed) {
    for (int i = first_in; i < last_in; ++i) {
        for (int j0 = 0; j0 < padded(out, kPanel); j0 += kLanes) {
            float taps[9][kLanes] = {};
            for (int q = 0; q < 9; ++q) {
                for (int lane = 0; lane < kLanes && j0 + lane < out; ++lane) {
                    const std::ptrdiff_t j = j0 + lane;
                    taps[q][lane] = transposed ? weights[(std::ptrdiff_t{q} * out + j) * in + i]
                                               : weights[(std::ptrdiff_t{q} * in + i) * out + j];
                }
            }
            float* to = packed + (std::ptrdiff_t{j0 / kPanel} * 36 * in + i) * kPanel + j0 % kPanel;
            transform_2d<3, 3, 6, 6>([](const Vec* d, Vec* o) KICKDRUM_LAMBDA { transform_weights(d, o); },
                                     [&](int x, Vec* d) KICKDRUM_LAMBDA {
                                         for (int y = 0; y < 3; ++y) d[y] = load(taps[y * 3 + x]);
                                     },
                                     [&](int y, const Vec* o) KICKDRUM_LAMBDA {
                                         store_six(to, std::ptrdiff_t{in} * kPanel, y, o);
                                     });
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
    .data_gradient_floats = winograd_gradient_floats<DataPlanes>,
    .data_gradient = winograd_data_gradient,
    .weight_gradient_floats = winograd_gradient_floats<WeightPlanes>,
    .weight_gradient = winograd_weight_gradient,
};

}  // namespace kickdrum::KICKDRUM_SIMD_NAMESPACE
