// SPDX-License-Identifier: MIT
// [rows, channels] is walked in memory order. Few channels would leave most of a vector empty, so several
// rows are taken as one long row of `repeat` times the channels; many channels are cut into tiles whose sums
// fit the cache.
#include "kernels/cpu/batch_norm_kernels.h"

#define KICKDRUM_INLINE __attribute__((always_inline)) inline

namespace kickdrum::KICKDRUM_SIMD_NAMESPACE {

extern const BatchNormKernels kBatchNormKernels;

namespace {

constexpr std::int64_t kWidest = 1024;  // columns of a tile
constexpr std::int64_t kNarrow = 64;    // fewer channels than this are repeated
constexpr std::int64_t kLanes = 16;     // a repeated row is a multiple of this, whatever the vector

KICKDRUM_INLINE std::int64_t smaller(std::int64_t a, std::int64_t b) {
    return a < b ? a : b;
}

struct Tiling {
    std::int64_t channels;
    std::int64_t repeat;

    KICKDRUM_INLINE explicit Tiling(std::int64_t channels_) : channels(channels_), repeat(1) {
        while (channels < kNarrow && (channels * repeat < kNarrow || channels * repeat % kLanes != 0))
            ++repeat;
    }
    // Width of the tile that starts at channel `first`.
    KICKDRUM_INLINE std::int64_t width(std::int64_t first) const {
        return repeat > 1 ? channels * repeat : smaller(channels - first, kWidest);
    }
};

// The values of channels first..., written out `repeat` times.
template <class T>
KICKDRUM_INLINE void expand(const Tiling& tiling, const float* values, std::int64_t first, T* columns) {
    const std::int64_t width = tiling.width(first);
    const std::int64_t period = tiling.repeat > 1 ? tiling.channels : width;
    for (std::int64_t i = 0; i < width; ++i) columns[i] = static_cast<T>(values[first + i % period]);
}

// Adds the columns' sums up by channel.
KICKDRUM_INLINE void fold(const Tiling& tiling, const double* columns, std::int64_t first, double* sums) {
    const std::int64_t width = tiling.width(first);
    const std::int64_t period = tiling.repeat > 1 ? tiling.channels : width;
    for (std::int64_t i = 0; i < period; ++i) sums[first + i] = columns[i];
    for (std::int64_t i = period; i < width; ++i) sums[first + i % period] += columns[i];
}

struct Sums {
    double first[kWidest];
    double second[kWidest];
    double pivot[kWidest];
};

KICKDRUM_INLINE void add_moments(Sums& sums, const float* __restrict src, std::int64_t width) {
    for (std::int64_t i = 0; i < width; ++i) {
        const double value = static_cast<double>(src[i]) - sums.pivot[i];
        sums.first[i] += value;
        sums.second[i] += value * value;
    }
}

KICKDRUM_INLINE void add_gradients(Sums& sums, const float* __restrict src, const float* __restrict diff_dst,
                                   std::int64_t width) {
    for (std::int64_t i = 0; i < width; ++i) {
        const auto gradient = static_cast<double>(diff_dst[i]);
        sums.first[i] += gradient;
        sums.second[i] += gradient * (static_cast<double>(src[i]) - sums.pivot[i]);
    }
}

// Calls add(sums, offset, width) for every long row of the tile, then for the rest of the rows.
template <class Add>
KICKDRUM_INLINE void sum_rows(const float* pivot, std::int64_t rows, std::int64_t channels, double* totals,
                              const Add& add) {
    const Tiling tiling(channels);
    for (std::int64_t first = 0; first < channels; first += kWidest) {
        Sums sums;
        const std::int64_t width = tiling.width(first);
        expand(tiling, pivot, first, sums.pivot);
        for (std::int64_t i = 0; i < width; ++i) sums.first[i] = sums.second[i] = 0;
        std::int64_t row = 0;
        for (; row + tiling.repeat <= rows; row += tiling.repeat) add(sums, row * channels + first, width);
        if (row < rows) add(sums, row * channels, (rows - row) * channels);
        fold(tiling, sums.first, first, totals);
        fold(tiling, sums.second, first, totals + channels);
    }
}

void moment_sums(const float* src, const float* pivot, std::int64_t rows, std::int64_t channels,
                 double* sums) {
    sum_rows(pivot, rows, channels, sums,
             [=](Sums& tile, std::int64_t at, std::int64_t width) { add_moments(tile, src + at, width); });
}

void gradient_sums(const float* src, const float* diff_dst, const float* center, std::int64_t rows,
                   std::int64_t channels, double* sums) {
    sum_rows(center, rows, channels, sums, [=](Sums& tile, std::int64_t at, std::int64_t width) {
        add_gradients(tile, src + at, diff_dst + at, width);
    });
}

// Calls map(offset, width) for every long row of the tile, then for the rest of the rows.
template <class Map>
KICKDRUM_INLINE void map_rows(const Tiling& tiling, std::int64_t first, std::int64_t rows, const Map& map) {
    std::int64_t row = 0;
    for (; row + tiling.repeat <= rows; row += tiling.repeat) {
        map(row * tiling.channels + first, tiling.width(first));
    }
    if (row < rows) map(row * tiling.channels, (rows - row) * tiling.channels);
}

struct AffineColumns {
    float center[kWidest];
    float scale[kWidest];
    float shift[kWidest];
};

KICKDRUM_INLINE void normalize_tile(const AffineColumns& columns, const Tiling& tiling, std::int64_t first,
                                    const float* src, float* dst, std::int64_t rows) {
    map_rows(tiling, first, rows, [&](std::int64_t at, std::int64_t width) {
        const float* from = src + at;
        float* to = dst + at;
#pragma GCC ivdep
        for (std::int64_t i = 0; i < width; ++i) {
            to[i] = (from[i] - columns.center[i]) * columns.scale[i] + columns.shift[i];
        }
    });
}

void normalize(const AffineChannels& affine, const float* src, float* dst, std::int64_t rows,
               std::int64_t channels) {
    const Tiling tiling(channels);
    AffineColumns columns;
    for (std::int64_t first = 0; first < channels; first += kWidest) {
        expand(tiling, affine.center, first, columns.center);
        expand(tiling, affine.scale, first, columns.scale);
        expand(tiling, affine.shift, first, columns.shift);
        normalize_tile(columns, tiling, first, src, dst, rows);
    }
}

void normalize_moving(const MovingMoments& moments, const float* src, float* dst, std::int64_t rows,
                      std::int64_t channels) {
    const Tiling tiling(channels);
    AffineColumns columns;
    float variance[kWidest];
    for (std::int64_t first = 0; first < channels; first += kWidest) {
        expand(tiling, moments.mean, first, columns.center);
        expand(tiling, moments.gamma, first, columns.scale);
        expand(tiling, moments.beta, first, columns.shift);
        expand(tiling, moments.variance, first, variance);
        const std::int64_t width = tiling.width(first);
        for (std::int64_t i = 0; i < width; ++i) {
            columns.scale[i] /= __builtin_sqrtf(variance[i] + moments.epsilon);
        }
        normalize_tile(columns, tiling, first, src, dst, rows);
    }
}

void backward(const BatchNormGradient& gradient, const float* src, const float* diff_dst, float* diff_src,
              std::int64_t rows, std::int64_t channels) {
    const Tiling tiling(channels);
    float center[kWidest];
    float scale[kWidest];
    float slope[kWidest];
    float offset[kWidest];
    for (std::int64_t first = 0; first < channels; first += kWidest) {
        expand(tiling, gradient.center, first, center);
        expand(tiling, gradient.scale, first, scale);
        expand(tiling, gradient.slope, first, slope);
        expand(tiling, gradient.offset, first, offset);
        map_rows(tiling, first, rows, [&](std::int64_t at, std::int64_t width) {
            const float* x = src + at;
            const float* dy = diff_dst + at;
            float* dx = diff_src + at;
#pragma GCC ivdep
            for (std::int64_t i = 0; i < width; ++i) {
                dx[i] = dy[i] * scale[i] - ((x[i] - center[i]) * slope[i] + offset[i]);
            }
        });
    }
}

}  // namespace

constexpr BatchNormKernels kBatchNormKernels = {
    .moment_sums = moment_sums,
    .gradient_sums = gradient_sums,
    .normalize = normalize,
    .normalize_moving = normalize_moving,
    .backward = backward,
};

}  // namespace kickdrum::KICKDRUM_SIMD_NAMESPACE
