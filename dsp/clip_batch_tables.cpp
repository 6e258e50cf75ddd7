// SPDX-License-Identifier: MIT
#include "dsp/clip_batch_tables.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>

#include "dsp/mel_picture.h"

namespace kickdrum {

namespace {
constexpr std::size_t kLanes = 32;
}

Complex32 root_of_unity(std::int64_t k, std::int64_t period) {
    const double angle =
        -2 * std::numbers::pi * static_cast<double>(k % period) / static_cast<double>(period);
    return {static_cast<float>(std::cos(angle)), static_cast<float>(std::sin(angle))};
}

std::vector<Complex32> stockham_twiddles(int half, const std::vector<int>& radices) {
    std::vector<Complex32> twiddles;
    std::int64_t done = 1;
    for (const int radix : radices) {
        for (std::int64_t r = 1; r < radix; ++r) {
            for (std::int64_t k = 0; k < done; ++k) twiddles.push_back(root_of_unity(r * k, done * radix));
        }
        done *= radix;
    }
    for (std::int64_t k = 0; k <= half / 2; ++k) twiddles.push_back(root_of_unity(k, 2 * std::int64_t{half}));
    return twiddles;
}

BandTable band_table(const std::vector<MelBand>& bands) {
    BandTable table;
    for (std::size_t slice = 0; slice < bands.size(); slice += kLanes) {
        const std::size_t end = std::min(slice + kLanes, bands.size());
        const std::size_t start = table.weights.size();
        std::size_t longest = 0;
        for (std::size_t b = slice; b < end; ++b) longest = std::max(longest, bands[b].weights.size());
        table.weights.resize(start + longest * kLanes);
        for (std::size_t b = slice; b < end; ++b) {
            const std::size_t place = start + b - slice;
            const std::vector<float>& weights = bands[b].weights;
            for (std::size_t i = 0; i < weights.size(); ++i) table.weights[place + i * kLanes] = weights[i];
            table.bands.push_back({bands[b].first_bin, static_cast<std::int32_t>(weights.size()),
                                   static_cast<std::int32_t>(place)});
        }
    }
    return table;
}

RowTable row_table(const ResizeSide& side) {
    RowTable table;
    for (const ResizeTaps& taps : side) {
        const auto begin = static_cast<std::int32_t>(table.weights.size());
        table.weights.insert(table.weights.end(), taps.weights.begin(), taps.weights.end());
        table.rows.push_back({taps.first, begin, static_cast<std::int32_t>(table.weights.size())});
    }
    return table;
}

std::vector<ColumnEntry> column_table(std::int64_t max_frames, int width) {
    std::vector<ColumnEntry> table;
    table.reserve(static_cast<std::size_t>(max_frames) * static_cast<std::size_t>(width));
    for (std::int64_t frames = 1; frames <= max_frames; ++frames) {
        for (const ResizeTaps& taps : picture_columns(static_cast<int>(frames), width)) {
            const std::vector<float>& weights = taps.weights;
            const float inner = weights.size() > 2 ? weights[1] : 0;
            table.push_back({taps.first, static_cast<std::int32_t>(weights.size()), weights.front(), inner,
                             weights.back()});
        }
    }
    return table;
}

}  // namespace kickdrum
