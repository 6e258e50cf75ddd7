// SPDX-License-Identifier: MIT
// Inner loops of pooling, compiled once per instruction set: one row of one image per call, channels
// innermost.
#pragma once

#include <cstdint>

namespace kickdrum {

enum class SimdLevel;

// One image: src [h, w, c], dst [p, q, c].
struct PoolGeometry {
    std::int64_t h = 0;
    std::int64_t w = 0;
    std::int64_t c = 0;
    std::int64_t p = 0;
    std::int64_t q = 0;
    std::int64_t kernel_h = 1;
    std::int64_t kernel_w = 1;
    std::int64_t stride_h = 1;
    std::int64_t stride_w = 1;
    std::int64_t before_h = 0;  // padding above and to the left
    std::int64_t before_w = 0;
};

// `row` counts rows of dst in the forward kernels, rows of src in the backward ones. Pointers are those of
// the image.
struct PoolKernels {
    void (*max_forward)(const PoolGeometry& geometry, std::int64_t row, const float* src, float* dst,
                        std::int32_t* winner);
    void (*max_backward)(const PoolGeometry& geometry, std::int64_t row, const float* diff_dst,
                         const std::int32_t* winner, float* diff_src);
    void (*average_forward)(const PoolGeometry& geometry, std::int64_t row, const float* src, float* dst);
    void (*average_backward)(const PoolGeometry& geometry, std::int64_t row, const float* diff_dst,
                             float* diff_src);

    // Windows of 2x2 side by side without padding. Backward: `row` counts rows of dst and writes both rows of
    // src below it, with the last column that no window covers, if there is one.
    void (*max_2x2_forward)(const PoolGeometry& geometry, std::int64_t row, const float* src, float* dst,
                            std::int32_t* winner);
    void (*max_2x2_backward)(const PoolGeometry& geometry, std::int64_t row, const float* diff_dst,
                             const std::int32_t* winner, float* diff_src);

    // src [cells, channels], of which `width` channels from src on are pooled into dst (and winner) [width].
    void (*global_max)(const float* src, std::int64_t cells, std::int64_t channels, std::int64_t width,
                       float* dst, std::int32_t* winner);
    void (*global_average)(const float* src, std::int64_t cells, std::int64_t channels, std::int64_t width,
                           float* dst);
};

const PoolKernels& pool_kernels(SimdLevel level);

}  // namespace kickdrum
