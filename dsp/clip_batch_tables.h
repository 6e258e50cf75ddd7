// SPDX-License-Identifier: MIT
// Tables of dsp/clip_batch.h for a device of many threads, computed on the host in double.
#pragma once

#include <cstdint>
#include <vector>

#include "dsp/mel_filterbank.h"
#include "dsp/resize_taps.h"

namespace kickdrum {

struct Complex32 {
    float re, im;
};

// exp(-2 pi i k / period), exact at the quarters.
Complex32 root_of_unity(std::int64_t k, std::int64_t period);

// Of a Stockham transform of `half` points whose passes have these radices (their product is half), and of
// the split that makes a real transform of 2 * half samples of it. Pass p, radix R, works on transforms of
// n points that are done (the product of the radices before it): exp(-2 pi i r k / (n R)) lies at
// [n - 1 + (r - 1) n + k], r from 1, k < n. From [half - 1] on: exp(-pi i k / half), k <= half / 2.
std::vector<Complex32> stockham_twiddles(int half, const std::vector<int>& radices);

// The bands' weights, so that 32 threads that each sum one band read neighbouring numbers: weight i of band b
// lies at [bands[b].start + 32 i].
struct BandEntry {
    std::int32_t first_bin, count, start;
};
struct BandTable {
    std::vector<BandEntry> bands;
    std::vector<float> weights;
};
BandTable band_table(const std::vector<MelBand>& bands);

// A row of the picture: the rows of the source from `first` on, times weights[begin, end).
struct RowEntry {
    std::int32_t first, begin, end;
};
struct RowTable {
    std::vector<RowEntry> rows;
    std::vector<float> weights;
};
RowTable row_table(const ResizeSide& side);

// A column of the picture: `count` frames from `first` on; all but the two outer ones weigh the same. With
// one frame, `first_weight` is its weight.
struct ColumnEntry {
    std::int32_t first, count;
    float first_weight, inner_weight, last_weight;
};
// [max_frames, width]: row f - 1 is for clips of f frames.
std::vector<ColumnEntry> column_table(std::int64_t max_frames, int width);

}  // namespace kickdrum
