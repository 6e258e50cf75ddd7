// SPDX-License-Identifier: MIT
// Pooling, channels innermost. Backward gathers: every cell of src adds up the windows that it won, in the
// order of the windows, so that cells are independent and each is written once.
#include "kernels/cpu/pool_kernels.h"

#define KICKDRUM_INLINE __attribute__((always_inline)) inline

namespace kickdrum::KICKDRUM_SIMD_NAMESPACE {

extern const PoolKernels kPoolKernels;

namespace {

struct Range {
    std::int64_t begin;
    std::int64_t end;
};

// Cells of the window at `start` that lie inside an axis of n cells, counted from the window's first cell.
KICKDRUM_INLINE Range inside(std::int64_t start, std::int64_t kernel, std::int64_t n) {
    return {start < 0 ? -start : 0, start + kernel > n ? n - start : kernel};
}

// Windows of an axis that cover cell `at` (counted with the padding before it).
KICKDRUM_INLINE Range covering(std::int64_t at, std::int64_t kernel, std::int64_t stride,
                               std::int64_t windows) {
    const std::int64_t last = at / stride;
    const std::int64_t first = at < kernel ? 0 : (at - kernel) / stride + 1;
    return {first, last + 1 < windows ? last + 1 : windows};
}

// A greater value takes the window; so does the first NaN, for good, so that a diverged network shows.
KICKDRUM_INLINE bool wins(float value, float best) {
    return value > best || (value != value && best == best);
}

KICKDRUM_INLINE void take(const float* values, std::int32_t index, float* best, std::int32_t* who,
                          std::int64_t c) {
#pragma GCC ivdep
    for (std::int64_t k = 0; k < c; ++k) {
        best[k] = values[k];
        who[k] = index;
    }
}

KICKDRUM_INLINE void take_better(const float* values, std::int32_t index, float* best, std::int32_t* who,
                                 std::int64_t c) {
#pragma GCC ivdep
    for (std::int64_t k = 0; k < c; ++k) {
        const bool better = wins(values[k], best[k]);
        best[k] = better ? values[k] : best[k];
        who[k] = better ? index : who[k];
    }
}

void max_forward(const PoolGeometry& geometry, std::int64_t row, const float* src, float* dst,
                 std::int32_t* winner) {
    const PoolGeometry g = geometry;
    const std::int64_t top = row * g.stride_h - g.before_h;
    const Range rows = inside(top, g.kernel_h, g.h);
    for (std::int64_t q = 0; q < g.q; ++q) {
        const std::int64_t left = q * g.stride_w - g.before_w;
        const Range columns = inside(left, g.kernel_w, g.w);
        float* best = dst + (row * g.q + q) * g.c;
        std::int32_t* who = winner + (row * g.q + q) * g.c;
        bool first = true;
        for (std::int64_t r = rows.begin; r < rows.end; ++r) {
            for (std::int64_t s = columns.begin; s < columns.end; ++s) {
                const float* cell = src + ((top + r) * g.w + left + s) * g.c;
                const auto index = static_cast<std::int32_t>(r * g.kernel_w + s);
                if (first) {
                    take(cell, index, best, who, g.c);
                } else {
                    take_better(cell, index, best, who, g.c);
                }
                first = false;
            }
        }
    }
}

void max_backward(const PoolGeometry& geometry, std::int64_t row, const float* diff_dst,
                  const std::int32_t* winner, float* diff_src) {
    const PoolGeometry g = geometry;
    const Range rows = covering(row + g.before_h, g.kernel_h, g.stride_h, g.p);
    for (std::int64_t column = 0; column < g.w; ++column) {
        const Range columns = covering(column + g.before_w, g.kernel_w, g.stride_w, g.q);
        float* sum = diff_src + (row * g.w + column) * g.c;
#pragma GCC ivdep
        for (std::int64_t k = 0; k < g.c; ++k) sum[k] = 0;
        for (std::int64_t p = rows.begin; p < rows.end; ++p) {
            for (std::int64_t q = columns.begin; q < columns.end; ++q) {
                const std::int64_t r = row + g.before_h - p * g.stride_h;
                const std::int64_t s = column + g.before_w - q * g.stride_w;
                const auto index = static_cast<std::int32_t>(r * g.kernel_w + s);
                const float* gradient = diff_dst + (p * g.q + q) * g.c;
                const std::int32_t* who = winner + (p * g.q + q) * g.c;
#pragma GCC ivdep
                for (std::int64_t k = 0; k < g.c; ++k) {
                    const float value = gradient[k];
                    sum[k] += who[k] == index ? value : 0;
                }
            }
        }
    }
}

// 1 / the number of cells of window (p, q) that lie inside the image.
KICKDRUM_INLINE float share(const PoolGeometry& g, std::int64_t p, std::int64_t q) {
    const Range rows = inside(p * g.stride_h - g.before_h, g.kernel_h, g.h);
    const Range columns = inside(q * g.stride_w - g.before_w, g.kernel_w, g.w);
    return 1.0F / static_cast<float>((rows.end - rows.begin) * (columns.end - columns.begin));
}

void average_forward(const PoolGeometry& geometry, std::int64_t row, const float* src, float* dst) {
    const PoolGeometry g = geometry;
    const std::int64_t top = row * g.stride_h - g.before_h;
    const Range rows = inside(top, g.kernel_h, g.h);
    for (std::int64_t q = 0; q < g.q; ++q) {
        const std::int64_t left = q * g.stride_w - g.before_w;
        const Range columns = inside(left, g.kernel_w, g.w);
        float* sum = dst + (row * g.q + q) * g.c;
#pragma GCC ivdep
        for (std::int64_t k = 0; k < g.c; ++k) sum[k] = 0;
        for (std::int64_t r = rows.begin; r < rows.end; ++r) {
            for (std::int64_t s = columns.begin; s < columns.end; ++s) {
                const float* cell = src + ((top + r) * g.w + left + s) * g.c;
#pragma GCC ivdep
                for (std::int64_t k = 0; k < g.c; ++k) sum[k] += cell[k];
            }
        }
        const float factor = share(g, row, q);
#pragma GCC ivdep
        for (std::int64_t k = 0; k < g.c; ++k) sum[k] *= factor;
    }
}

void average_backward(const PoolGeometry& geometry, std::int64_t row, const float* diff_dst,
                      float* diff_src) {
    const PoolGeometry g = geometry;
    const Range rows = covering(row + g.before_h, g.kernel_h, g.stride_h, g.p);
    for (std::int64_t column = 0; column < g.w; ++column) {
        const Range columns = covering(column + g.before_w, g.kernel_w, g.stride_w, g.q);
        float* sum = diff_src + (row * g.w + column) * g.c;
#pragma GCC ivdep
        for (std::int64_t k = 0; k < g.c; ++k) sum[k] = 0;
        for (std::int64_t p = rows.begin; p < rows.end; ++p) {
            for (std::int64_t q = columns.begin; q < columns.end; ++q) {
                const float factor = share(g, p, q);
                const float* gradient = diff_dst + (p * g.q + q) * g.c;
#pragma GCC ivdep
                for (std::int64_t k = 0; k < g.c; ++k) sum[k] += gradient[k] * factor;
            }
        }
    }
}

void max_2x2_forward(const PoolGeometry& geometry, std::int64_t row, const float* src, float* dst,
                     std::int32_t* winner) {
    const std::int64_t c = geometry.c;
    const float* top = src + 2 * row * geometry.w * c;
    const float* bottom = top + geometry.w * c;
    for (std::int64_t q = 0; q < geometry.q; ++q) {
        const float* cell_0 = top + 2 * q * c;
        const float* cell_2 = bottom + 2 * q * c;
        float* best = dst + (row * geometry.q + q) * c;
        std::int32_t* who = winner + (row * geometry.q + q) * c;
#pragma GCC ivdep
        for (std::int64_t k = 0; k < c; ++k) {
            const float values[4] = {cell_0[k], cell_0[k + c], cell_2[k], cell_2[k + c]};
            const bool second = wins(values[1], values[0]);
            float value = second ? values[1] : values[0];
            std::int32_t index = second ? 1 : 0;
            const bool third = wins(values[2], value);
            value = third ? values[2] : value;
            index = third ? 2 : index;
            const bool fourth = wins(values[3], value);
            best[k] = fourth ? values[3] : value;
            who[k] = fourth ? 3 : index;
        }
    }
}

KICKDRUM_INLINE void clear(float* dst, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) dst[i] = 0;
}

void max_2x2_backward(const PoolGeometry& geometry, std::int64_t row, const float* diff_dst,
                      const std::int32_t* winner, float* diff_src) {
    const std::int64_t c = geometry.c;
    float* top = diff_src + 2 * row * geometry.w * c;
    float* bottom = top + geometry.w * c;
    for (std::int64_t q = 0; q < geometry.q; ++q) {
        const float* gradient = diff_dst + (row * geometry.q + q) * c;
        const std::int32_t* who = winner + (row * geometry.q + q) * c;
        float* cell_0 = top + 2 * q * c;
        float* cell_1 = cell_0 + c;
        float* cell_2 = bottom + 2 * q * c;
        float* cell_3 = cell_2 + c;
#pragma GCC ivdep
        for (std::int64_t k = 0; k < c; ++k) {
            const float value = gradient[k];  // read whatever it's for: a masked load would be slower
            const std::int32_t index = who[k];
            cell_0[k] = index == 0 ? value : 0;
            cell_1[k] = index == 1 ? value : 0;
            cell_2[k] = index == 2 ? value : 0;
            cell_3[k] = index == 3 ? value : 0;
        }
    }
    const std::int64_t covered = 2 * geometry.q;
    clear(top + covered * c, (geometry.w - covered) * c);
    clear(bottom + covered * c, (geometry.w - covered) * c);
}

void global_max(const float* src, std::int64_t cells, std::int64_t channels, std::int64_t width, float* dst,
                std::int32_t* winner) {
    take(src, 0, dst, winner, width);
    for (std::int64_t cell = 1; cell < cells; ++cell) {
        take_better(src + cell * channels, static_cast<std::int32_t>(cell), dst, winner, width);
    }
}

void global_average(const float* src, std::int64_t cells, std::int64_t channels, std::int64_t width,
                    float* dst) {
    constexpr std::int64_t kTile = 64;
    for (std::int64_t first = 0; first < width; first += kTile) {
        const std::int64_t tile = width - first < kTile ? width - first : kTile;
        double sums[kTile] = {};
        for (std::int64_t cell = 0; cell < cells; ++cell) {
            const float* values = src + cell * channels + first;
#pragma GCC ivdep
            for (std::int64_t k = 0; k < tile; ++k) sums[k] += static_cast<double>(values[k]);
        }
#pragma GCC ivdep
        for (std::int64_t k = 0; k < tile; ++k) {
            dst[first + k] = static_cast<float>(sums[k] / static_cast<double>(cells));
        }
    }
}

}  // namespace

constexpr PoolKernels kPoolKernels = {
    .max_forward = max_forward,
    .max_backward = max_backward,
    .average_forward = average_forward,
    .average_backward = average_backward,
    .max_2x2_forward = max_2x2_forward,
    .max_2x2_backward = max_2x2_backward,
    .global_max = global_max,
    .global_average = global_average,
};

}  // namespace kickdrum::KICKDRUM_SIMD_NAMESPACE
