// SPDX-License-Identifier: MIT
#include "dsp/log_mel_kernels.h"

#include "dsp/simd/fft_rows.h"
#include "dsp/simd/logarithm.h"

namespace kickdrum::KICKDRUM_SIMD_NAMESPACE {

extern const LogMelKernels kLogMelKernels;

namespace {

// Within each quarter of four lanes, a and b are four samples of two frames. KICKDRUM_QUADS(i, j, k, l) picks
// of them by number: a's are 0 to 3, b's 4 to 7.
#define KICKDRUM_PICK(e, quad) ((e) < 4 ? 4 * (quad) + (e) : kLanes + 4 * (quad) + (e)-4)
#define KICKDRUM_QUAD(i, j, k, l, quad) \
    KICKDRUM_PICK(i, quad), KICKDRUM_PICK(j, quad), KICKDRUM_PICK(k, quad), KICKDRUM_PICK(l, quad)
#if KICKDRUM_SIMD_BYTES == 64
#define KICKDRUM_QUADS(i, j, k, l)                                                            \
    KICKDRUM_QUAD(i, j, k, l, 0), KICKDRUM_QUAD(i, j, k, l, 1), KICKDRUM_QUAD(i, j, k, l, 2), \
        KICKDRUM_QUAD(i, j, k, l, 3)
#elif KICKDRUM_SIMD_BYTES == 32
#define KICKDRUM_QUADS(i, j, k, l) KICKDRUM_QUAD(i, j, k, l, 0), KICKDRUM_QUAD(i, j, k, l, 1)
#else
#define KICKDRUM_QUADS(i, j, k, l) KICKDRUM_QUAD(i, j, k, l, 0)
#endif

// Four windowed samples of all frames, as the complex points (0, 1) and (2, 3). Lane 4 q + i is frame 4 q +
// i: load_rows4 takes frames i, 4 + i, 8 + i, ... of which the shuffles transpose 4 x 4 blocks.
KICKDRUM_ALWAYS_INLINE void load_points(const float* samples, std::ptrdiff_t hop, const float* window,
                                        Complex& first, Complex& second) {
    const Vec weights = load_rows4(window, 0);
    const Vec a = load_rows4(samples, 4 * hop) * weights;
    const Vec b = load_rows4(samples + hop, 4 * hop) * weights;
    const Vec c = load_rows4(samples + 2 * hop, 4 * hop) * weights;
    const Vec d = load_rows4(samples + 3 * hop, 4 * hop) * weights;
    const Vec ab01 = __builtin_shufflevector(a, b, KICKDRUM_QUADS(0, 4, 1, 5));
    const Vec ab23 = __builtin_shufflevector(a, b, KICKDRUM_QUADS(2, 6, 3, 7));
    const Vec cd01 = __builtin_shufflevector(c, d, KICKDRUM_QUADS(0, 4, 1, 5));
    const Vec cd23 = __builtin_shufflevector(c, d, KICKDRUM_QUADS(2, 6, 3, 7));
    first.re = __builtin_shufflevector(ab01, cd01, KICKDRUM_QUADS(0, 1, 4, 5));
    first.im = __builtin_shufflevector(ab01, cd01, KICKDRUM_QUADS(2, 3, 6, 7));
    second.re = __builtin_shufflevector(ab23, cd23, KICKDRUM_QUADS(0, 1, 4, 5));
    second.im = __builtin_shufflevector(ab23, cd23, KICKDRUM_QUADS(2, 3, 6, 7));
}

// The first pass, straight from the samples.
template <int kRadix>
void first_pass(const RealFft& fft, const float* samples, std::ptrdiff_t hop, float* rows) {
    const FftPass& pass = fft.pass[0];
    // The samples of the next call, a few with each turn: as many streams as there are frames are too many
    // for the processor to see what comes.
    constexpr std::ptrdiff_t kLine = 16;
    const float* ahead = samples + (kLanes - 1) * hop + 2 * std::ptrdiff_t{fft.half};
    const std::ptrdiff_t per_turn = (kLanes * hop * 2 / pass.parts + kLine - 1) / kLine * kLine;
    for (int j = 0; j < pass.parts; j += 2) {
        for (const float* const end = ahead + per_turn; ahead < end; ahead += kLine)
            __builtin_prefetch(ahead, 0, 2);
        Complex even[kRadix];
        Complex odd[kRadix];
        KICKDRUM_UNROLL
        for (int k = 0; k < kRadix; ++k) {
            const std::ptrdiff_t sample = 2 * (j + std::ptrdiff_t{k} * pass.parts);
            load_points(samples + sample, hop, fft.window + sample, even[k], odd[k]);
        }
        transform(even);
        store_parts(pass, j, even, rows);
        transform(odd);
        store_parts(pass, j + 1, odd, rows);
    }
}

// One point after the other: for lengths that don't divide well, a small part of what their passes cost.
void load_all_points(const RealFft& fft, const float* samples, std::ptrdiff_t hop, float* rows) {
    for (int j = 0; j < fft.half; ++j) {
        Complex z{};
        for (int lane = 0; lane < kLanes; ++lane) {
            z.re[lane] = samples[lane * hop + 2 * j] * fft.window[2 * j];
            z.im[lane] = samples[lane * hop + 2 * j + 1] * fft.window[2 * j + 1];
        }
        store_row(rows, j, z);
    }
}

// X of the real signal from Z: with E = Z[k] + conj Z[h - k] and O = (Z[k] - conj Z[h - k]) / i, X[k] = E +
// W^k O and X[h - k] = conj(E - W^k O). (The factor 1/2 is in the window.)
void split_powers(const RealFft& fft, const float* rows, float* power) {
    const Complex first = load_row(rows, fft.row[0]);
    const Vec lowest = 2 * (first.re + first.im);
    const Vec highest = 2 * (first.re - first.im);
    store(power, lowest * lowest);
    store(power + std::ptrdiff_t{fft.half} * kLanes, highest * highest);
    for (int k = 1; 2 * k <= fft.half; ++k) {
        const Complex a = load_row(rows, fft.row[k]);
        const Complex b = load_row(rows, fft.row[fft.half - k]);
        const Complex even{a.re + b.re, a.im - b.im};
        const Complex odd = times({a.im + b.im, b.re - a.re}, fft.split + 2 * k);
        const Complex low = even + odd;
        const Complex high = even - odd;
        store(power + std::ptrdiff_t{k} * kLanes, low.re * low.re + low.im * low.im);
        store(power + std::ptrdiff_t{fft.half - k} * kLanes, high.re * high.re + high.im * high.im);
    }
}

void power(const RealFft& fft, const float* samples, std::ptrdiff_t hop, float* work, float* dst) {
    float* const spare = work + std::ptrdiff_t{2} * kLanes * fft.half;
    const FftPass& pass = fft.pass[0];
    if (pass.parts % 2 == 0 && (pass.radix == 8 || pass.radix == 4)) {
        pass.radix == 8 ? first_pass<8>(fft, samples, hop, work) : first_pass<4>(fft, samples, hop, work);
        for (int k = 0; k < pass.radix; ++k) {
            run_passes(fft, 1, work + std::ptrdiff_t{2} * kLanes * k * pass.parts, spare);
        }
    } else {
        load_all_points(fft, samples, hop, work);
        run_passes(fft, 0, work, spare);
    }
    split_powers(fft, work, dst);
}

void mel(const MelBands& bands, const float* power, int frames, float* dst, std::ptrdiff_t stride) {
    int begin = 0;
    for (int band = 0; band < bands.count; ++band) {
        const int end = bands.end[band];
        const float* row = power + std::ptrdiff_t{bands.first_bin[band]} * kLanes;
        Vec sum{};
        Vec sum_of_odd{};
        int i = begin;
        for (; i + 2 <= end; i += 2, row += 2 * kLanes) {
            sum += bands.weights[i] * load(row);
            sum_of_odd += bands.weights[i + 1] * load(row + kLanes);
        }
        if (i < end) sum += bands.weights[i] * load(row);
        sum += sum_of_odd;
        begin = end;
        float* const place = dst + band * stride;
        frames == kLanes ? store(place, sum) : store_part(place, sum, frames);
    }
}

float maximum(const float* values, std::int64_t count) {
    Vec largest = splat(values[0]);
    std::int64_t i = 0;
    for (; i + kLanes <= count; i += kLanes) {
        const Vec v = load(values + i);
        largest = v > largest ? v : largest;
    }
    float result = values[0];
    for (int lane = 0; lane < kLanes; ++lane) result = largest[lane] > result ? largest[lane] : result;
    for (; i < count; ++i) result = values[i] > result ? values[i] : result;
    return result;
}

KICKDRUM_ALWAYS_INLINE Vec decibels_of(Vec x, float floor, float scale, float top_db) {
    x = (x > floor ? x : splat(floor)) * scale;
    // Below the smallest normal number there is nothing to tell apart: -379 dB.
    x = x > 1.17549435e-38F ? x : splat(1.17549435e-38F);
    const Vec db = ten_log10(x);
    return db > -top_db ? db : splat(-top_db);
}

void decibels(float* values, std::int64_t count, float floor, float reference, float top_db) {
    const float scale = 1 / reference;
    std::int64_t i = 0;
    for (; i + kLanes <= count; i += kLanes) {
        store(values + i, decibels_of(load(values + i), floor, scale, top_db));
    }
    if (i < count) {
        const int rest = static_cast<int>(count - i);
        store_part(values + i, decibels_of(load_part(values + i, rest), floor, scale, top_db), rest);
    }
}

}  // namespace

const LogMelKernels kLogMelKernels = {
    .lanes = kLanes, .power = power, .mel = mel, .maximum = maximum, .decibels = decibels};

}  // namespace kickdrum::KICKDRUM_SIMD_NAMESPACE
