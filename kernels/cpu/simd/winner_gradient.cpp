// SPDX-License-Identifier: MIT
// The weight gradient from the winners alone. A rectangle of windows at a time, its pixels are laid out one
// vector of channels after the other, and each channel out gets the list of its living winners. Then nine
// sums stay in registers while a list passes: a product costs one load from the L1 cache and nothing else.
#include "kernels/cpu/simd/channel_io.h"
#include "kernels/cpu/simd/winograd_tiles.h"
#include "kernels/cpu/winner_kernels.h"

namespace kickdrum::KICKDRUM_SIMD_NAMESPACE {
namespace {

// Windows that are met together. One vector of channels of the pixels under them, the halo included, stays in
// two thirds of an L1 cache of 32 KB while all channels out pass over it.
constexpr int kWindowRows = 8;
constexpr int kWindowColumns = 128 / kLanes;
constexpr int kWindows = kWindowRows * kWindowColumns;
constexpr int kPixelRows = 2 * kWindowRows + 2;
constexpr int kPixelColumns = 2 * kWindowColumns + 2;
constexpr int kRowFloats = kPixelColumns * kLanes;
constexpr int kSliceFloats = kPixelRows * kRowFloats;
constexpr int kFloatBytes = sizeof(float);

// The bits of a winner's gradient, below how many bytes behind a slice's start its first pixel lies; negative
// where ReLU is dead. One load of 8 bytes brings both.
using Winner = std::int64_t;
// + 8 so that the lists don't meet on the same L1 sets.
constexpr int kListWinners = kWindows + 8;

KICKDRUM_ALWAYS_INLINE int slices_of(int channels) {
    return (channels + kLanes - 1) / kLanes;
}
std::size_t winner_weight_floats(int channels_in, int channels_out) {
    return static_cast<std::size_t>(slices_of(channels_in) * 9 * kLanes) *
           static_cast<std::size_t>(channels_out);
}

std::size_t winner_scratch_floats(int channels_in, int channels_out) {
    return static_cast<std::size_t>(slices_of(channels_in) * kSliceFloats + 2 * kWindows * kLanes) +
           static_cast<std::size_t>(2 * kListWinners + 1) * static_cast<std::size_t>(channels_out);
}

// What winner_scratch_floats() has room for.
struct WinnerScratch {
    explicit WinnerScratch(const WinnerGradient& g)
        : slices(g.scratch),
          winners(reinterpret_cast<Winner*>(slices + slices_of(g.channels_in) * kSliceFloats)),
          lists(winners + kWindows * kLanes),
          counts(reinterpret_cast<std::int32_t*>(lists + std::ptrdiff_t{kListWinners} * g.channels_out)) {}

    float* slices;         // [slices of c][kPixelRows][kPixelColumns][lanes]
    Winner* winners;       // [windows][lanes]: of one vector of channels
    Winner* lists;         // [k][kListWinners]
    std::int32_t* counts;  // [k]
};

// a[0], b[0], a[1], b[1], ...
KICKDRUM_ALWAYS_INLINE void store_pairs(float* p, Vec a, IntVec b) {
    IntVec low;
    IntVec high;
    for (int lane = 0; lane < kLanes; ++lane) {
        low[lane] = lane / 2 + lane % 2 * kLanes;
        high[lane] = low[lane] + kLanes / 2;
    }
    store(p, __builtin_shuffle(a, reinterpret_cast<Vec>(b), low));
    store(p + kLanes, __builtin_shuffle(a, reinterpret_cast<Vec>(b), high));
}

// A rectangle of windows of one clip.
struct Rectangle {
    std::int64_t clip;
    int y, x, rows, columns;
};

// The pixels under the rectangle, one vector of channels after the other, zeros where there is no image.
void gather_pixels(const WinnerGradient& g, const Rectangle& r, float* slices) {
    const int c = g.channels_in;
    const float* image = g.src + r.clip * g.src_h * g.src_w * c;
    const int first_x = 2 * r.x - g.before;
    const int columns = 2 * r.columns + 2;
    for (int i = 0; i < 2 * r.rows + 2; ++i) {
        const int y = 2 * r.y - g.before + i;
        const bool inside = y >= 0 && y < g.src_h;
        const int left = inside ? max_of(0, -first_x) : columns;
        const int right = inside ? min_of(columns, g.src_w - first_x) : columns;
        const std::ptrdiff_t row = (std::ptrdiff_t{y} * g.src_w + first_x) * c;
        float* to = slices + i * kRowFloats;
        for (int k = 0; k < c; k += kLanes, to += kSliceFloats) {
            const int n = min_of(kLanes, c - k);
            for (int j = 0; j < left; ++j) store(to + j * kLanes, Vec{});
            for (int j = right; j < columns; ++j) store(to + j * kLanes, Vec{});
            for (int j = left; j < right; ++j) {
                const float* pixel = image + row + std::ptrdiff_t{j} * c + k;
                store(to + j * kLanes, n == kLanes ? load(pixel) : load_part(pixel, n));
            }
        }
    }
}

// One vector of channels: winners [window][lane], and their sum for the bias.
template <class Io>
KICKDRUM_ALWAYS_INLINE Vec make_winners(const WinnerGradient& g, const Rectangle& r, Io io, int k0,
                                        Winner* winners) {
    Vec sum{};
    for (int i = 0; i < r.rows; ++i) {
        const std::ptrdiff_t e = ((r.clip * g.dst_h + r.y + i) * g.dst_w + r.x) * g.channels_out + k0;
        for (int j = 0; j < r.columns; ++j) {
            const IntVec place = io.read(g.winner + e + std::ptrdiff_t{j} * g.channels_out);
            const IntVec live = place < 4;
            const IntVec pixel =
                (place & 1) * kLanes + (place >> 1) * kRowFloats + 2 * (i * kRowFloats + j * kLanes);
            const Vec diff = keep(live, io.read(g.diff_dst + e + std::ptrdiff_t{j} * g.channels_out));
            sum += diff;
            store_pairs(reinterpret_cast<float*>(winners), diff, live ? pixel * kFloatBytes : IntVec{} - 1);
            winners += kLanes;
        }
    }
    return sum;
}

// The list of each channel's living winners.
void list_winners(const WinnerGradient& g, const Rectangle& r, const WinnerScratch& s, float* bias) {
    const int windows = r.rows * r.columns;
    for_channels(g.channels_out, [&](auto io, int k0) {
        io.write(bias + k0, io.read(bias + k0) + make_winners(g, r, io, k0, s.winners));
        for (int lane = 0; lane < min_of(kLanes, g.channels_out - k0); ++lane) {
            Winner* list = s.lists + std::ptrdiff_t{k0 + lane} * kListWinners;
            const Winner* const first = list;
#pragma GCC unroll 4
            for (int i = 0; i < windows; ++i) {
                const Winner winner = s.winners[i * kLanes + lane];
                *list = winner;
                list += winner >= 0;  // a dead one is overwritten
            }
            s.counts[k0 + lane] = static_cast<std::int32_t>(list - first);
        }
    });
}

// sums += gradient times pixels, for one vector of channels in and one channel out.
__attribute__((noinline)) void add_winners(const Winner* list, int count, const float* pixels, float* sums) {
    if (count == 0) return;
    Vec sum[9];
    KICKDRUM_UNROLL for (int tap = 0; tap < 9; ++tap) sum[tap] = load(sums + tap * kLanes);
    const Winner* const end = list + count;
    do {
        const auto* p = reinterpret_cast<const float*>(reinterpret_cast<const char*>(pixels) + (*list >> 32));
        const IntVec bits = IntVec{} + static_cast<std::int32_t>(*list);
        const Vec diff = reinterpret_cast<Vec>(bits);
        KICKDRUM_UNROLL for (int tap = 0; tap < 9; ++tap) {
            sum[tap] += diff * load(p + tap / 3 * kRowFloats + tap % 3 * kLanes);
        }
    } while (++list < end);
    KICKDRUM_UNROLL for (int tap = 0; tap < 9; ++tap) store(sums + tap * kLanes, sum[tap]);
}

// The rectangles of a run of clips in order.
struct Rectangles {
    int dst_h, dst_w;
    Rectangle at(std::int64_t index) const {
        const int across = (dst_w + kWindowColumns - 1) / kWindowColumns;
        const int per_clip = across * ((dst_h + kWindowRows - 1) / kWindowRows);
        const int in_clip = static_cast<int>(index % per_clip);
        const int y = in_clip / across * kWindowRows;
        const int x = in_clip % across * kWindowColumns;
        return {index / per_clip, y, x, min_of(kWindowRows, dst_h - y), min_of(kWindowColumns, dst_w - x)};
    }
    std::int64_t per_clip() const {
        return std::int64_t{(dst_w + kWindowColumns - 1) / kWindowColumns} *
               ((dst_h + kWindowRows - 1) / kWindowRows);
    }
};

// Row number i of all that a rectangle reads: its pixels, gradients and winners.
KICKDRUM_ALWAYS_INLINE void prefetch_row(const WinnerGradient& g, const Rectangle& r, int i) {
    const int pixel_rows = 2 * r.rows + 2;
    if (i < pixel_rows) {
        const int y = 2 * r.y - g.before + i;
        if (y < 0 || y >= g.src_h) return;
        const int x = max_of(0, 2 * r.x - g.before);
        const int count = min_of(2 * r.columns + 2, g.src_w - x);
        prefetch_rows(g.src + ((r.clip * g.src_h + y) * g.src_w + x) * g.channels_in, 1, 0,
                      std::ptrdiff_t{count} * g.channels_in);
        return;
    }
    const std::ptrdiff_t e = ((r.clip * g.dst_h + r.y + i - pixel_rows) * g.dst_w + r.x) * g.channels_out;
    prefetch_rows(g.diff_dst + e, 1, 0, std::ptrdiff_t{r.columns} * g.channels_out);
    prefetch_rows(g.winner + e, 1, 0, std::ptrdiff_t{r.columns} * g.channels_out);
}

// Memory is slow: the next rectangle is fetched during this one's sums, row by row.
void add_rectangle(const WinnerGradient& g, const Rectangle& r, const Rectangle& next, const WinnerScratch& s,
                   float* bias) {
    list_winners(g, r, s, bias);
    gather_pixels(g, r, s.slices);
    const int slices = slices_of(g.channels_in);
    const int passes = slices * g.channels_out;
    const int next_rows = next.rows == 0 ? 0 : 3 * next.rows + 2;
    int fetched = 0;
    float* sums = g.sums;
    for (int slice = 0; slice < slices; ++slice) {
        for (int k = 0; k < g.channels_out; ++k, sums += 9 * kLanes) {
            if (fetched * passes < next_rows * (slice * g.channels_out + k + 1))
                prefetch_row(g, next, fetched++);
            add_winners(s.lists + std::ptrdiff_t{k} * kListWinners, s.counts[k],
                        s.slices + slice * kSliceFloats, sums);
        }
    }
    while (fetched < next_rows) prefetch_row(g, next, fetched++);
}

void winner_gradient(const WinnerGradient& g) {
    const WinnerScratch s(g);
    float* bias = g.sums + winner_weight_floats(g.channels_in, g.channels_out);
    __builtin_memset(g.sums, 0, static_cast<std::size_t>(bias + g.channels_out - g.sums) * sizeof(float));
    const Rectangles rectangles{g.dst_h, g.dst_w};
    const std::int64_t end = g.last_clip * rectangles.per_clip();
    for (std::int64_t i = g.first_clip * rectangles.per_clip(); i < end; ++i) {
        add_rectangle(g, rectangles.at(i), i + 1 < end ? rectangles.at(i + 1) : Rectangle{}, s, bias);
    }
}

}  // namespace

extern const WinnerKernels kWinnerKernels;
const WinnerKernels kWinnerKernels = {
    .weight_floats = winner_weight_floats,
    .scratch_floats = winner_scratch_floats,
    .gradient = winner_gradient,
};

}  // namespace kickdrum::KICKDRUM_SIMD_NAMESPACE
