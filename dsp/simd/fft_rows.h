// SPDX-License-Identifier: MIT
// A complex FFT on rows: every lane of the vectors is a transform of its own. Decimation in frequency, in
// place; the parts of a pass are finished one after the other, so that all but the first passes run in the
// first-level cache.
#pragma once

#include "dsp/log_mel_kernels.h"
#include "kernels/cpu/simd/vec.h"

namespace kickdrum::KICKDRUM_SIMD_NAMESPACE {

struct Complex {
    Vec re;
    Vec im;
};

KICKDRUM_ALWAYS_INLINE Complex operator+(Complex a, Complex b) {
    return {a.re + b.re, a.im + b.im};
}
KICKDRUM_ALWAYS_INLINE Complex operator-(Complex a, Complex b) {
    return {a.re - b.re, a.im - b.im};
}
KICKDRUM_ALWAYS_INLINE Complex times_minus_i(Complex a) {
    return {a.im, -a.re};
}
KICKDRUM_ALWAYS_INLINE Complex times(Complex a, const float* factor) {
    return {a.re * factor[0] - a.im * factor[1], a.re * factor[1] + a.im * factor[0]};
}

KICKDRUM_ALWAYS_INLINE Complex load_row(const float* rows, std::ptrdiff_t row) {
    return {load(rows + 2 * kLanes * row), load(rows + (2 * row + 1) * kLanes)};
}
KICKDRUM_ALWAYS_INLINE void store_row(float* rows, std::ptrdiff_t row, Complex z) {
    store(rows + 2 * kLanes * row, z.re);
    store(rows + (2 * row + 1) * kLanes, z.im);
}

// The DFT of 4 and of 8 points.
KICKDRUM_ALWAYS_INLINE void transform4(Complex& a, Complex& b, Complex& c, Complex& d) {
    const Complex sum_ac = a + c;
    const Complex sum_bd = b + d;
    const Complex difference_ac = a - c;
    const Complex difference_bd = times_minus_i(b - d);
    a = sum_ac + sum_bd;
    b = difference_ac + difference_bd;
    c = sum_ac - sum_bd;
    d = difference_ac - difference_bd;
}
KICKDRUM_ALWAYS_INLINE void transform(Complex (&z)[4]) {
    transform4(z[0], z[1], z[2], z[3]);
}
KICKDRUM_ALWAYS_INLINE void transform(Complex (&z)[8]) {
    constexpr float kRoot = 0.70710678118654752F;
    transform4(z[0], z[2], z[4], z[6]);
    transform4(z[1], z[3], z[5], z[7]);
    const Complex odd[4] = {z[1],
                            {(z[3].re + z[3].im) * kRoot, (z[3].im - z[3].re) * kRoot},
                            times_minus_i(z[5]),
                            {(z[7].im - z[7].re) * kRoot, -(z[7].re + z[7].im) * kRoot}};
    const Complex even[4] = {z[0], z[2], z[4], z[6]};
    KICKDRUM_UNROLL
    for (int k = 0; k < 4; ++k) {
        z[k] = even[k] + odd[k];
        z[k + 4] = even[k] - odd[k];
    }
}

// Point j of each part, times the twiddles.
template <int kRadix>
KICKDRUM_ALWAYS_INLINE void store_parts(const FftPass& pass, int j, const Complex (&z)[kRadix], float* rows) {
    const float* const twiddles = pass.twiddles + std::ptrdiff_t{2} * (kRadix - 1) * j;
    store_row(rows, j, z[0]);
    KICKDRUM_UNROLL
    for (int k = 1; k < kRadix; ++k) {
        store_row(rows, j + std::ptrdiff_t{k} * pass.parts, times(z[k], twiddles + 2 * (k - 1)));
    }
}

template <int kRadix>
void radix_pass(const FftPass& pass, float* rows) {
    for (int j = 0; j < pass.parts; ++j) {
        Complex z[kRadix];
        KICKDRUM_UNROLL
        for (int k = 0; k < kRadix; ++k) z[k] = load_row(rows, j + std::ptrdiff_t{k} * pass.parts);
        transform(z);
        store_parts(pass, j, z, rows);
    }
}

// The pass whose parts are single points, without twiddles.
template <int kRadix>
KICKDRUM_ALWAYS_INLINE void last_radix_pass(float* rows) {
    Complex z[kRadix];
    KICKDRUM_UNROLL
    for (int k = 0; k < kRadix; ++k) z[k] = load_row(rows, k);
    transform(z);
    KICKDRUM_UNROLL
    for (int k = 0; k < kRadix; ++k) store_row(rows, k, z[k]);
}

// Any radix, by the sum that defines it. spare: `radix` rows of complex numbers.
inline void general_pass(const FftPass& pass, float* rows, float* spare) {
    for (int j = 0; j < pass.parts; ++j) {
        for (int q = 0; q < pass.radix; ++q) {
            store_row(spare, q, load_row(rows, j + std::ptrdiff_t{q} * pass.parts));
        }
        for (int k = 0; k < pass.radix; ++k) {
            Complex sum = load_row(spare, 0);
            for (int q = 1, root = k; q < pass.radix; ++q) {
                sum = sum + times(load_row(spare, q), pass.roots + 2 * root);
                root += root + k < pass.radix ? k : k - pass.radix;
            }
            if (k > 0) sum = times(sum, pass.twiddles + 2 * (std::ptrdiff_t{pass.radix - 1} * j + k - 1));
            store_row(rows, j + std::ptrdiff_t{k} * pass.parts, sum);
        }
    }
}

inline void run_pass(const FftPass& pass, float* rows, float* spare) {
    if (pass.radix == 8) {
        pass.parts == 1 ? last_radix_pass<8>(rows) : radix_pass<8>(pass, rows);
    } else if (pass.radix == 4) {
        pass.parts == 1 ? last_radix_pass<4>(rows) : radix_pass<4>(pass, rows);
    } else {
        general_pass(pass, rows, spare);
    }
}

// The same of `count` transforms that follow each other, without a call for each.
template <int kRadix>
void last_radix_passes(int count, float* rows) {
    for (int i = 0; i < count; ++i) last_radix_pass<kRadix>(rows + std::ptrdiff_t{2} * kLanes * kRadix * i);
}

// The passes from number `first` on.
inline void run_passes(const RealFft& fft, int first, float* rows, float* spare) {
    if (first == fft.passes) return;
    const FftPass& pass = fft.pass[first];
    run_pass(pass, rows, spare);
    if (pass.parts == 1) return;
    if (pass.parts == 8 && fft.pass[first + 1].radix == 8) {
        last_radix_passes<8>(pass.radix, rows);
        return;
    }
    for (int k = 0; k < pass.radix; ++k) {
        run_passes(fft, first + 1, rows + std::ptrdiff_t{2} * kLanes * k * pass.parts, spare);
    }
}

}  // namespace kickdrum::KICKDRUM_SIMD_NAMESPACE
