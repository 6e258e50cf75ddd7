// SPDX-License-Identifier: MIT
#include "dsp/spectral_kernels.h"

#include "dsp/simd/logarithm.h"
#include "kernels/cpu/simd/vec.h"

namespace kickdrum::KICKDRUM_SIMD_NAMESPACE {

extern const SpectralKernels kSpectralKernels;

namespace {

KICKDRUM_ALWAYS_INLINE const float* row_of(const float* rows, int row) {
    return rows + std::ptrdiff_t{row} * kLanes;
}

KICKDRUM_ALWAYS_INLINE Vec larger(Vec a, Vec b) {
    return a > b ? a : b;
}
KICKDRUM_ALWAYS_INLINE Vec smaller(Vec a, Vec b) {
    return a < b ? a : b;
}

void shape(const float* power, int bins, float hz_per_bin, float share, float* magnitude, float* dst) {
    Vec sum{};
    Vec moment{};
    for (int k = 0; k < bins; ++k) {
        const Vec m = square_root(load(row_of(power, k)));
        store(magnitude + std::ptrdiff_t{k} * kLanes, m);
        sum += m;
        moment += m * (static_cast<float>(k) * hz_per_bin);
    }
    const IntVec sounds = sum > 0;
    const Vec inverse = keep(sounds, 1 / sum);
    const Vec centroid = moment * inverse;
    const Vec threshold = sum * share;
    Vec spread{};
    Vec so_far{};
    IntVec below{};
    for (int k = 0; k < bins; ++k) {
        const Vec m = load(row_of(magnitude, k));
        const Vec distance = static_cast<float>(k) * hz_per_bin - centroid;
        spread += m * distance * distance;
        so_far += m;
        below += so_far < threshold;  // true is -1
    }
    store(dst, centroid);
    store(dst + kLanes, square_root(spread * inverse));
    store(dst + std::ptrdiff_t{2} * kLanes, __builtin_convertvector(-below, Vec) * hz_per_bin);
}

void flatness(const float* power, int bins, float floor, float* dst) {
    Vec logs{};
    Vec sum{};
    for (int k = 0; k < bins; ++k) {
        const Vec p = larger(load(row_of(power, k)), splat(floor));
        logs += ten_log10(p);
        sum += p;
    }
    const float count = static_cast<float>(bins);
    constexpr float kNeper = 0.23025850929940457F;  // ln(10) / 10
    store(dst, exponential(logs * (kNeper / count)) / (sum / count));
}

void extremes(const float* rows, BinRange range, int count, float* dst) {
    Vec low[SpectralKernels::kMostExtremes];
    Vec high[SpectralKernels::kMostExtremes];
    for (int i = 0; i < count; ++i) {
        low[i] = splat(__builtin_inff());
        high[i] = splat(-__builtin_inff());
    }
    for (int k = range.first; k < range.end; ++k) {
        // Sorted, the most extreme first: what is pushed out of one place goes to the next.
        Vec to_low = load(row_of(rows, k));
        Vec to_high = to_low;
        for (int i = 0; i < count; ++i) {
            const Vec l = low[i];
            const Vec h = high[i];
            low[i] = smaller(l, to_low);
            to_low = larger(l, to_low);
            high[i] = larger(h, to_high);
            to_high = smaller(h, to_high);
        }
    }
    Vec sum_low{};
    Vec sum_high{};
    for (int i = 0; i < count; ++i) {
        sum_low += low[i];
        sum_high += high[i];
    }
    store(dst, sum_low / static_cast<float>(count));
    store(dst + kLanes, sum_high / static_cast<float>(count));
}

int peaks(const float* power, int bins, BinRange range, float threshold, int frames, SpectralPeak* found) {
    Vec largest = load(power);
    for (int k = 1; k < bins; ++k) largest = larger(largest, load(row_of(power, k)));
    const Vec least = largest * threshold;
    int count = 0;
    Vec before = load(row_of(power, range.first - 1));
    Vec here = load(row_of(power, range.first));
    for (int k = range.first; k < range.end; ++k) {
        const Vec after = load(row_of(power, k + 1));
        unsigned mask = mask_of((here > least) & (here > before) & (here >= after));
        for (; mask != 0; mask &= mask - 1) {
            const int lane = __builtin_ctz(mask);
            if (lane >= frames) break;
            found[count++] = {.bin = k, .before = before[lane], .height = here[lane], .after = after[lane]};
        }
        before = here;
        here = after;
    }
    return count;
}

void combine(const BlockedMatrix& matrix, const float* src, std::ptrdiff_t src_stride, int columns,
             float* dst, std::ptrdiff_t dst_stride) {
    for (int column = 0; column < columns; column += kLanes) {
        const int count = min_of(kLanes, columns - column);
        const float* weights = matrix.weights;
        for (int output = 0; output < matrix.outputs; output += 4) {
            Vec sum[4] = {};
            const float* row = src + column;
            for (int i = 0; i < matrix.inputs; ++i, row += src_stride, weights += 4) {
                const Vec x = count == kLanes ? load(row) : load_part(row, count);
                KICKDRUM_UNROLL
                for (int o = 0; o < 4; ++o) sum[o] += x * weights[o];
            }
            for (int o = 0; o < min_of(4, matrix.outputs - output); ++o) {
                float* const place = dst + (output + o) * dst_stride + column;
                count == kLanes ? store(place, sum[o]) : store_part(place, sum[o], count);
            }
        }
    }
}

void level(const float* samples, int count, float* squares, int* crossings) {
    constexpr float kZero = -1e-10F;
    Vec sum{};
    IntVec changes{};
    int i = 0;
    for (; i + kLanes <= count; i += kLanes) {
        const Vec x = load(samples + i);
        sum += x * x;
        changes += (x < kZero) != (load(samples + i - 1) < kZero);  // true is -1
    }
    float total = 0;
    int changed = 0;
    for (int lane = 0; lane < kLanes; ++lane) {
        total += sum[lane];
        changed -= changes[lane];
    }
    for (; i < count; ++i) {
        total += samples[i] * samples[i];
        changed += (samples[i] < kZero) != (samples[i - 1] < kZero) ? 1 : 0;
    }
    *squares = total;
    *crossings = changed;
}

}  // namespace

const SpectralKernels kSpectralKernels = {.lanes = kLanes,
                                          .shape = shape,
                                          .flatness = flatness,
                                          .extremes = extremes,
                                          .peaks = peaks,
                                          .combine = combine,
                                          .level = level};

}  // namespace kickdrum::KICKDRUM_SIMD_NAMESPACE
