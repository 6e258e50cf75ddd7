// SPDX-License-Identifier: MIT
// Inner loops over [rows, channels] of batch normalisation, compiled once per instruction
// set. Sums are taken in double precision about a pivot near the data, so that a large mean doesn't eat the
// variance.
#pragma once

#include <cstdint>

namespace kickdrum {

enum class SimdLevel;

// Per channel: dst = (src - center) * scale + shift.
struct AffineChannels {
    const float* center;
    const float* scale;
    const float* shift;
};

// Per channel: dst = (src - mean) / sqrt(variance + epsilon) * gamma + beta.
struct MovingMoments {
    const float* mean;
    const float* variance;
    const float* gamma;
    const float* beta;
    float epsilon;
};

// Per channel: diff_src = diff_dst * scale - (src - center) * slope - offset.
struct BatchNormGradient {
    const float* center;
    const float* scale;
    const float* slope;
    const float* offset;
};

struct BatchNormKernels {
    // sums[c] = sum of src - pivot[c]; sums[channels + c] = sum of the squares of it.
    void (*moment_sums)(const float* src, const float* pivot, std::int64_t rows, std::int64_t channels,
                        double* sums);
    // sums[c] = sum of diff_dst; sums[channels + c] = sum of diff_dst * (src - center[c]).
    void (*gradient_sums)(const float* src, const float* diff_dst, const float* center, std::int64_t rows,
                          std::int64_t channels, double* sums);
    void (*normalize)(const AffineChannels& affine, const float* src, float* dst, std::int64_t rows,
                      std::int64_t channels);
    void (*normalize_moving)(const MovingMoments& moments, const float* src, float* dst, std::int64_t rows,
                             std::int64_t channels);
    void (*backward)(const BatchNormGradient& gradient, const float* src, const float* diff_dst,
                     float* diff_src, std::int64_t rows, std::int64_t channels);
};

const BatchNormKernels& batch_norm_kernels(SimdLevel level);

}  // namespace kickdrum
