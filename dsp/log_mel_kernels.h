// SPDX-License-Identifier: MIT
// Inner loops of the log-mel spectrogram, compiled once per instruction set. A vector holds the same element
// of as many consecutive frames as it has lanes: a "row". Tables are the plan's (dsp/log_mel.cpp).
#pragma once

#include <cstddef>
#include <cstdint>

namespace kickdrum {

enum class SimdLevel;

// One decimation in frequency of a transform of radix * parts points into `radix` transforms of `parts`
// points.
struct FftPass {
    int radix = 0;  // 8, 4, or any other number at its square's cost
    int parts = 0;
    const float* twiddles =
        nullptr;  // W^(j k), W = exp(-2 pi i / (radix parts)): [parts][radix - 1] (re, im), k from 1
    const float* roots = nullptr;  // exp(-2 pi i k / radix): [radix] (re, im); only for other radices
};

// The real FFT of n_fft = 2 * half samples: a complex one of half points, z[j] = x[2j] + i x[2j + 1], then a
// split.
struct RealFft {
    int half = 0;
    int passes = 0;
    const FftPass* pass = nullptr;
    const int* row = nullptr;       // Z[k] ends up in row[k]
    const float* split = nullptr;   // exp(-2 pi i k / n_fft), k <= half / 2: (re, im)
    const float* window = nullptr;  // [n_fft], halved for the sake of the split
    std::int64_t work_rows = 0;     // rows of floats that `work` must have
};

struct MelBands {
    int count = 0;
    const int* first_bin = nullptr;
    const int* end = nullptr;  // weights of band b: [end[b - 1], end[b])
    const float* weights = nullptr;
};

struct LogMelKernels {
    int lanes = 0;  // frames of one call

    // power: [half + 1] rows, |X[k]|^2 of `lanes` frames that begin at samples, samples + hop, ... All of
    // them must be readable. work, power: aligned to 64 bytes.
    void (*power)(const RealFft& fft, const float* samples, std::ptrdiff_t hop, float* work, float* power);
    // The first `frames` <= lanes of each row of mel powers to dst[band * stride + frame].
    void (*mel)(const MelBands& bands, const float* power, int frames, float* dst, std::ptrdiff_t stride);

    float (*maximum)(const float* values, std::int64_t count);
    // values = max(10 log10(max(values, floor) / reference), -top_db), in place; floor, reference > 0.
    void (*decibels)(float* values, std::int64_t count, float floor, float reference, float top_db);
};

const LogMelKernels& log_mel_kernels(SimdLevel level);

}  // namespace kickdrum
