// SPDX-License-Identifier: MIT
// Where Winograd's tiles come from (sources) and go to (sinks). Interior tiles are read in place, border
// tiles through a zero-padded copy of their window. A source writes the transformed tile to v[xi * plane +
// channel], xi = 0 .. 35.
#pragma once

#include "kernels/cpu/simd/channel_io.h"
#include "kernels/cpu/simd/winograd_transforms.h"

namespace kickdrum::KICKDRUM_SIMD_NAMESPACE {

struct TilePlace {
    int clip, y, x;
};
KICKDRUM_ALWAYS_INLINE TilePlace tile_place(std::int64_t tile, int tiles_y, int tiles_x) {
    const std::int64_t per_clip = std::int64_t{tiles_y} * tiles_x;
    const int in_clip = static_cast<int>(tile % per_clip);
    return {static_cast<int>(tile / per_clip), in_clip / tiles_x, in_clip % tiles_x};
}

// The size x size window at (y0, x0) of a clip: in place when it lies inside the image, else a zero-padded
// copy.
template <int size, class E>
KICKDRUM_ALWAYS_INLINE const E* window(const E* image, int clip, int y0, int x0, int h, int w, int c, E* copy,
                                       std::ptrdiff_t& row_stride) {
    row_stride = std::ptrdiff_t{w} * c;
    const E* base = image + static_cast<std::ptrdiff_t>(clip) * h * row_stride;
    if (y0 >= 0 && x0 >= 0 && y0 + size <= h && x0 + size <= w) {
        return base + y0 * row_stride + std::ptrdiff_t{x0} * c;
    }
    const std::ptrdiff_t row = std::ptrdiff_t{size} * c;
    const std::ptrdiff_t left =
        std::ptrdiff_t{min_of(max_of(0, -x0), size)} * c;  // the valid elements: [left, right)
    const std::ptrdiff_t right = std::ptrdiff_t{max_of(0, min_of(w - x0, size))} * c;
    for (int i = 0; i < size; ++i) {
        const int y = y0 + i;
        E* to = copy + i * row;
        if (y < 0 || y >= h || left >= right) {
            __builtin_memset(to, 0, static_cast<std::size_t>(row) * sizeof(E));
            continue;
        }
        __builtin_memset(to, 0, static_cast<std::size_t>(left) * sizeof(E));
        __builtin_memcpy(to + left, base + y * row_stride + std::ptrdiff_t{x0} * c + left,
                         static_cast<std::size_t>(right - left) * sizeof(E));
        __builtin_memset(to + right, 0, static_cast<std::size_t>(row - right) * sizeof(E));
    }
    row_stride = row;
    return copy;
}

// Asks for `rows` pieces of `count` elements, `stride` apart, to be in the L2 cache by the time they're
// needed. Memory is slow enough, and the matrix products long enough, that it pays to fetch the next tiles
// during the products.
template <class E>
KICKDRUM_ALWAYS_INLINE void prefetch_rows(const E* p, int rows, std::ptrdiff_t stride, std::ptrdiff_t count) {
    constexpr std::ptrdiff_t kLine = 64 / sizeof(E);
    for (int i = 0; i < rows; ++i, p += stride) {
        for (std::ptrdiff_t e = 0; e < count; e += kLine) __builtin_prefetch(p + e, 0, 2);
    }
}

// The same for memory that will be written: else every store waits for its line.
template <class E>
KICKDRUM_ALWAYS_INLINE void prefetch_rows_to_write(E* p, int rows, std::ptrdiff_t stride,
                                                   std::ptrdiff_t count) {
    constexpr std::ptrdiff_t kLine = 64 / sizeof(E);
    for (int i = 0; i < rows; ++i, p += stride) {
        for (std::ptrdiff_t e = 0; e < count; e += kLine) __builtin_prefetch(p + e, 1, 2);
    }
}

KICKDRUM_ALWAYS_INLINE void store_six(float* v, std::ptrdiff_t plane, int i, const Vec* o) {
    float* p = opaque(v + i * 6 * plane);
    KICKDRUM_UNROLL for (int j = 0; j < 6; ++j) store(p + j * plane, o[j]);
}

// B^T d B of NHWC activations. zeros: c floats, read wherever the window leaves the image.
struct PlainSource {
    const float* src;
    int h, w, c, before, tiles_y, tiles_x;
    const float* zeros;

    KICKDRUM_ALWAYS_INLINE void operator()(std::int64_t tile, float* v, std::ptrdiff_t plane) const {
        const TilePlace at = tile_place(tile, tiles_y, tiles_x);
        const int y0 = 4 * at.y - before;
        const int x0 = 4 * at.x - before;
        const std::ptrdiff_t stride = std::ptrdiff_t{w} * c;
        const float* image = src + static_cast<std::ptrdiff_t>(at.clip) * h * stride;
        if (y0 >= 0 && x0 >= 0 && y0 + 6 <= h && x0 + 6 <= w) {
            const float* p = image + y0 * stride + std::ptrdiff_t{x0} * c;
            transform(v, plane, [&](auto io, int k, int j, Vec* d) KICKDRUM_LAMBDA {
                const float* q = opaque(p + std::ptrdiff_t{j} * c + k);
                KICKDRUM_UNROLL for (int i = 0; i < 6; ++i) d[i] = io.read(q + i * stride);
            });
            return;
        }
        const float* pixels[6][6];  // [column][row]
        for (int j = 0; j < 6; ++j) {
            for (int i = 0; i < 6; ++i) {
                const bool inside = y0 + i >= 0 && y0 + i < h && x0 + j >= 0 && x0 + j < w;
                pixels[j][i] = inside ? image + (y0 + i) * stride + std::ptrdiff_t{x0 + j} * c : zeros;
            }
        }
        transform(v, plane, [&](auto io, int k, int j, Vec* d) KICKDRUM_LAMBDA {
            KICKDRUM_UNROLL for (int i = 0; i < 6; ++i) d[i] = io.read(pixels[j][i] + k);
        });
    }
    // The 4x4 pixels that the tiles before it didn't read.
    KICKDRUM_ALWAYS_INLINE void prefetch(std::int64_t tile) const {
        const TilePlace at = tile_place(tile, tiles_y, tiles_x);
        const int y = 4 * at.y - before + 2;
        const int x = 4 * at.x - before + 2;
        const std::ptrdiff_t row = static_cast<std::ptrdiff_t>(at.clip) * h + y;
        prefetch_rows(src + (row * w + x) * c, min_of(4, h - y), std::ptrdiff_t{w} * c,
                      std::ptrdiff_t{min_of(4, w - x)} * c);
    }

 private:
    template <class Column>
    KICKDRUM_ALWAYS_INLINE void transform(float* v, std::ptrdiff_t plane, Column column) const {
        for_channels(c, [&](auto io, int k) {
            transform_2d<6, 6, 6, 6>([](const Vec* d, Vec* o) KICKDRUM_LAMBDA { transform_input(d, o); },
                                     [&](int j, Vec* d) KICKDRUM_LAMBDA { column(io, k, j, d); },
                                     [&](int i, const Vec* o)
                                         KICKDRUM_LAMBDA { store_six(v + k, plane, i, o); });
        });
    }
};

// A g A^T of the 4x4 tile of the un-pooled gradient, which never exists: every pooled element puts its
// gradient at the place of the winner.
struct UnpoolGradient {
    const float* diff;
    const std::uint8_t* winner;
    int h, w, c, tiles_y, tiles_x;  // h, w: pooled
    float* copy;                    // 4 c floats
    std::uint8_t* winner_copy;      // 4 c bytes

    KICKDRUM_ALWAYS_INLINE void operator()(std::int64_t tile, float* v, std::ptrdiff_t plane) const {
        const TilePlace at = tile_place(tile, tiles_y, tiles_x);
        std::ptrdiff_t stride;
        const float* p = window<2>(diff, at.clip, 2 * at.y, 2 * at.x, h, w, c, copy, stride);
        const std::uint8_t* u = window<2>(winner, at.clip, 2 * at.y, 2 * at.x, h, w, c, winner_copy, stride);
        for_channels(c, [&](auto io, int k) {
            transform_2d<4, 4, 6, 6>(
                [](const Vec* d, Vec* o) KICKDRUM_LAMBDA { transform_gradient(d, o); },
                [&](int j, Vec* d) KICKDRUM_LAMBDA {
                    KICKDRUM_UNROLL for (int i = 0; i < 4; ++i) {
                        const std::ptrdiff_t e = i / 2 * stride + std::ptrdiff_t{j / 2} * c + k;
                        d[i] = keep(io.read(u + e) == (i % 2 * 2 + j % 2), io.read(p + e));
                    }
                },
                [&](int i, const Vec* o) KICKDRUM_LAMBDA { store_six(v + k, plane, i, o); });
        });
    }
    KICKDRUM_ALWAYS_INLINE void prefetch(std::int64_t tile) const {
        const TilePlace at = tile_place(tile, tiles_y, tiles_x);
        const std::ptrdiff_t row = static_cast<std::ptrdiff_t>(at.clip) * h + 2 * at.y;
        const std::ptrdiff_t e = (row * w + 2 * at.x) * c;
        const int rows = min_of(2, h - 2 * at.y);
        const std::ptrdiff_t count = std::ptrdiff_t{min_of(2, w - 2 * at.x)} * c;
        prefetch_rows(diff + e, rows, std::ptrdiff_t{w} * c, count);
        prefetch_rows(winner + e, rows, std::ptrdiff_t{w} * c, count);
    }
};

// A g A^T of a full-size gradient, whose sums over the pixels go to the bias gradient where it's there.
struct PlainGradient {
    const float* diff;
    int h, w, c, tiles_y, tiles_x;
    float* copy;  // 16 c floats
    float* bias;  // += , may be null

    KICKDRUM_ALWAYS_INLINE void operator()(std::int64_t tile, float* v, std::ptrdiff_t plane) const {
        const TilePlace at = tile_place(tile, tiles_y, tiles_x);
        std::ptrdiff_t stride;
        const float* p = window<4>(diff, at.clip, 4 * at.y, 4 * at.x, h, w, c, copy, stride);
        for_channels(c, [&](auto io, int k) {
            Vec sum{};
            transform_2d<4, 4, 6, 6>([](const Vec* d, Vec* o) KICKDRUM_LAMBDA { transform_gradient(d, o); },
                                     [&](int j, Vec* d) KICKDRUM_LAMBDA {
                                         const float* q = opaque(p + std::ptrdiff_t{j} * c + k);
                                         KICKDRUM_UNROLL for (int i = 0; i < 4; ++i) {
                                             d[i] = io.read(q + i * stride);
                                             sum += d[i];
                                         }
                                     },
                                     [&](int i, const Vec* o)
                                         KICKDRUM_LAMBDA { store_six(v + k, plane, i, o); });
            if (bias != nullptr) store(bias + k, load(bias + k) + sum);
        });
    }
    KICKDRUM_ALWAYS_INLINE void prefetch(std::int64_t tile) const {
        const TilePlace at = tile_place(tile, tiles_y, tiles_x);
        const std::ptrdiff_t row = static_cast<std::ptrdiff_t>(at.clip) * h + 4 * at.y;
        prefetch_rows(diff + (row * w + 4 * at.x) * c, min_of(4, h - 4 * at.y), std::ptrdiff_t{w} * c,
                      std::ptrdiff_t{min_of(4, w - 4 * at.x)} * c);
    }
};

// A^T m A of one vector of channels: m[xi * plane].
KICKDRUM_ALWAYS_INLINE void transform_tile(const float* m, std::ptrdiff_t plane, Vec (*r)[4]) {
    transform_2d<6, 6, 4, 4>([](const Vec* d, Vec* o) KICKDRUM_LAMBDA { transform_output(d, o); },
                             [&](int j, Vec* d) KICKDRUM_LAMBDA {
                                 const float* q = opaque(m + j * plane);
                                 KICKDRUM_UNROLL for (int i = 0; i < 6; ++i) d[i] = load(q + i * 6 * plane);
                             },
                             [&](int i, const Vec* o) KICKDRUM_LAMBDA {
                                 KICKDRUM_UNROLL for (int j = 0; j < 4; ++j) r[i][j] = o[j];
                             });
}

// Sinks take `channels` output channels from k0 on of a tile.
struct PoolSink {
    float* dst;
    std::uint8_t* winner;
    const float* bias;
    int h, w, c, tiles_y, tiles_x;  // h, w: pooled

    KICKDRUM_ALWAYS_INLINE void operator()(std::int64_t tile, const float* m, std::ptrdiff_t plane, int k0,
                                           int channels) const {
        const TilePlace at = tile_place(tile, tiles_y, tiles_x);
        const int rows = min_of(2, h - 2 * at.y);
        const int columns = min_of(2, w - 2 * at.x);
        for_channels(channels, [&](auto io, int v) {
            Vec r[4][4];
            transform_tile(m + v, plane, r);
            const Vec offset = io.read(bias + k0 + v);
            const auto put = [&](int i, int j) KICKDRUM_LAMBDA {
                const std::ptrdiff_t row = static_cast<std::ptrdiff_t>(at.clip) * h + 2 * at.y + i;
                const std::ptrdiff_t e = (row * w + 2 * at.x + j) * c + k0 + v;
                const Pooled pooled = pool_relu(r[2 * i][2 * j], r[2 * i][2 * j + 1], r[2 * i + 1][2 * j],
                                                r[2 * i + 1][2 * j + 1], offset);
                io.write(dst + e, pooled.value);
                io.write(winner + e, pooled.winner);
            };
            if (rows == 2 && columns == 2) {  // no branches in between: they'd make the compiler spill
                put(0, 0);
                put(0, 1);
                put(1, 0);
                put(1, 1);
            } else {
                for (int i = 0; i < rows; ++i) {
                    for (int j = 0; j < columns; ++j) put(i, j);
                }
            }
        });
    }
    KICKDRUM_ALWAYS_INLINE void prefetch(std::int64_t tile) const {
        const TilePlace at = tile_place(tile, tiles_y, tiles_x);
        const std::ptrdiff_t row = static_cast<std::ptrdiff_t>(at.clip) * h + 2 * at.y;
        const std::ptrdiff_t e = (row * w + 2 * at.x) * c;
        const std::ptrdiff_t count = std::ptrdiff_t{min_of(2, w - 2 * at.x)} * c;
        prefetch_rows_to_write(dst + e, min_of(2, h - 2 * at.y), std::ptrdiff_t{w} * c, count);
        prefetch_rows_to_write(winner + e, min_of(2, h - 2 * at.y), std::ptrdiff_t{w} * c, count);
    }
};

struct PlainSink {
    float* dst;
    const float* bias;  // may be null
    int h, w, c, tiles_y, tiles_x;

    KICKDRUM_ALWAYS_INLINE void operator()(std::int64_t tile, const float* m, std::ptrdiff_t plane, int k0,
                                           int channels) const {
        const TilePlace at = tile_place(tile, tiles_y, tiles_x);
        const std::ptrdiff_t first = static_cast<std::ptrdiff_t>(at.clip) * h + 4 * at.y;
        float* p = dst + (first * w + 4 * at.x) * c + k0;
        const int rows = min_of(4, h - 4 * at.y);
        const int columns = min_of(4, w - 4 * at.x);
        for_channels(channels, [&](auto io, int v) {
            Vec r[4][4];
            transform_tile(m + v, plane, r);
            const Vec offset = bias != nullptr ? io.read(bias + k0 + v) : Vec{};
            const auto put = [&](int i, int j) KICKDRUM_LAMBDA {
                io.write(p + (std::ptrdiff_t{i} * w + j) * c + v, r[i][j] + offset);
            };
            if (rows == 4 && columns == 4) {
                KICKDRUM_UNROLL for (int i = 0; i < 4; ++i) {
                    put(i, 0);
                    put(i, 1);
                    put(i, 2);
                    put(i, 3);
                }
            } else {
                for (int i = 0; i < rows; ++i) {
                    for (int j = 0; j < columns; ++j) put(i, j);
                }
            }
        });
    }
    KICKDRUM_ALWAYS_INLINE void prefetch(std::int64_t tile) const {
        const TilePlace at = tile_place(tile, tiles_y, tiles_x);
        const std::ptrdiff_t row = static_cast<std::ptrdiff_t>(at.clip) * h + 4 * at.y;
        prefetch_rows_to_write(dst + (row * w + 4 * at.x) * c, min_of(4, h - 4 * at.y), std::ptrdiff_t{w} * c,
                               std::ptrdiff_t{min_of(4, w - 4 * at.x)} * c);
    }
};

// The data gradient: 6x6 windows that overlap their upper and left neighbours by two rows and columns. Tiles
// come in order, so the first who reaches a pixel stores and the others add.
struct OverlapSink {
    float* dst;
    int h, w, c, before, tiles_y, tiles_x;

    KICKDRUM_ALWAYS_INLINE void operator()(std::int64_t tile, const float* m, std::ptrdiff_t plane, int k0,
                                           int channels) const {
        const TilePlace at = tile_place(tile, tiles_y, tiles_x);
        const int y0 = 4 * at.y - before;
        const int x0 = 4 * at.x - before;
        float* image = dst + static_cast<std::ptrdiff_t>(at.clip) * h * w * c + k0;
        if (at.y > 0 && at.x > 0 && y0 + 6 <= h && x0 + 6 <= w) {
            float* p = image + (std::ptrdiff_t{y0} * w + x0) * c;
            transform(m, plane, channels, [&](auto io, int v, int i, const Vec* o) KICKDRUM_LAMBDA {
                float* q = opaque(p + std::ptrdiff_t{i} * w * c + v);
                KICKDRUM_UNROLL for (int j = 0; j < 6; ++j) {
                    float* to = q + std::ptrdiff_t{j} * c;
                    io.write(to, i < 2 || j < 2 ? io.read(to) + o[j] : o[j]);
                }
            });
            return;
        }
        transform(m, plane, channels, [&](auto io, int v, int i, const Vec* o) {
            if (y0 + i < 0 || y0 + i >= h) return;
            for (int j = 0; j < 6; ++j) {
                if (x0 + j < 0 || x0 + j >= w) continue;
                float* to = image + (std::ptrdiff_t{y0 + i} * w + x0 + j) * c + v;
                const bool reached = (i < 2 && at.y > 0) || (j < 2 && at.x > 0);
                io.write(to, reached ? io.read(to) + o[j] : o[j]);
            }
        });
    }
    // The 4x4 pixels that no tile before it has reached.
    KICKDRUM_ALWAYS_INLINE void prefetch(std::int64_t tile) const {
        const TilePlace at = tile_place(tile, tiles_y, tiles_x);
        const int y = 4 * at.y - before + 2;
        const int x = 4 * at.x - before + 2;
        const std::ptrdiff_t row = static_cast<std::ptrdiff_t>(at.clip) * h + y;
        prefetch_rows_to_write(dst + (row * w + x) * c, min_of(4, h - y), std::ptrdiff_t{w} * c,
                               std::ptrdiff_t{min_of(4, w - x)} * c);
    }

 private:
    template <class Row>
    KICKDRUM_ALWAYS_INLINE void transform(const float* m, std::ptrdiff_t plane, int channels, Row row) const {
        for_channels(channels, [&](auto io, int v) {
            transform_2d<6, 6, 6, 6>([](const Vec* d, Vec* o) KICKDRUM_LAMBDA { transform_input_back(d, o); },
                                     [&](int j, Vec* d) KICKDRUM_LAMBDA {
                                         const float* q = opaque(m + v + j * plane);
                                         KICKDRUM_UNROLL for (int i = 0; i < 6; ++i) d[i] =
                                             load(q + i * 6 * plane);
                                     },
                                     [&](int i, const Vec* o) KICKDRUM_LAMBDA { row(io, v, i, o); });
        });
    }
};

}  // namespace kickdrum::KICKDRUM_SIMD_NAMESPACE
