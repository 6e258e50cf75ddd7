// SPDX-License-Identifier: MIT
// Inner loops of the features of dsp/features, compiled once per instruction set. As in dsp/log_mel_kernels.h
// a "row" is one element of as many consecutive frames as a vector has lanes; a spectrum is [bins] rows.
#pragma once

#include <cstddef>
#include <cstdint>

namespace kickdrum {

enum class SimdLevel;

// A local maximum of a frame's spectrum with its neighbours.
struct SpectralPeak {
    int bin;
    float before, height, after;
};

// The rows [first, end) of a spectrum.
struct BinRange {
    int first, end;
};

// A matrix [outputs, inputs] in blocks of 4 outputs: element (o, i) at [(o / 4) inputs 4 + 4 i + o % 4].
struct BlockedMatrix {
    int outputs = 0;
    int inputs = 0;
    const float* weights = nullptr;  // outputs rounded up to a multiple of 4
};

struct SpectralKernels {
    int lanes = 0;

    // The roots m of `bins` rows of power, and of them, with f = bin * hz_per_bin, as rows of dst:
    //   centroid   c = sum f m / sum m
    //   bandwidth  sqrt(sum m (f - c)^2 / sum m)
    //   roll-off   the lowest f below or at which lies the `share` of sum m
    // Each is 0 in a frame of silence.
    void (*shape)(const float* power, int bins, float hz_per_bin, float share, float* magnitude, float* dst);
    // One row: exp(mean ln max(power, floor)) / mean max(power, floor).
    void (*flatness)(const float* power, int bins, float floor, float* dst);
    // Two rows: the means of the `count` smallest and of the `count` largest of a range of rows; count is at
    // least 1 and at most kMostExtremes and the number of rows.
    void (*extremes)(const float* rows, BinRange range, int count, float* dst);
    static constexpr int kMostExtremes = 16;

    // Bins of a range (that leaves one on either side) that exceed the one before, are no less than the one
    // after, and exceed `threshold` times the frame's largest. Of the first `frames` lanes; in the order of
    // bins, then lanes. peaks has room for lanes * (range + 1) / 2 of them. Returns their number.
    int (*peaks)(const float* power, int bins, BinRange range, float threshold, int frames,
                 SpectralPeak* peaks);

    // dst[o, t] = sum of matrix[o, i] src[i, t], t < columns; strides between rows, in floats.
    void (*combine)(const BlockedMatrix& matrix, const float* src, std::ptrdiff_t src_stride, int columns,
                    float* dst, std::ptrdiff_t dst_stride);

    // The sum of the squares, and how often a sample and the one before it have different signs; what lies
    // within 1e-10 of zero counts as positive. samples[-1] must be readable.
    void (*level)(const float* samples, int count, float* squares, int* crossings);
};

const SpectralKernels& spectral_kernels(SimdLevel level);

}  // namespace kickdrum
