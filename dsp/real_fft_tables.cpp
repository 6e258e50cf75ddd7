// SPDX-License-Identifier: MIT
#include "dsp/real_fft_tables.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>

namespace kickdrum {

namespace {

// Powers of two (at least 4) are made of eights, the fastest, and one or two fours; they come first, so that
// the later passes, which run in the first-level cache, are eights. Other factors are the primes.
std::vector<int> radices_of(int points) {
    int log2 = 0;
    while (points % 2 == 0) {
        points /= 2;
        ++log2;
    }
    std::vector<int> radices;
    if (log2 == 1) {
        radices.push_back(2);
        log2 = 0;
    }
    for (; log2 % 3 != 0; log2 -= 2) radices.push_back(4);
    radices.insert(radices.end(), static_cast<std::size_t>(log2 / 3), 8);
    for (int prime = 3; prime * prime <= points; prime += 2) {
        for (; points % prime == 0; points /= prime) radices.push_back(prime);
    }
    if (points > 1) radices.push_back(points);
    return radices;
}

// exp(-2 pi i index / period), the index reduced first: exact at the quarters.
void append_root(std::vector<float>& numbers, std::int64_t index, std::int64_t period) {
    const double angle =
        -2 * std::numbers::pi * static_cast<double>(index % period) / static_cast<double>(period);
    numbers.push_back(static_cast<float>(std::cos(angle)));
    numbers.push_back(static_cast<float>(std::sin(angle)));
}

}  // namespace

void RealFftTables::add_pass(int radix, int parts) {
    const std::int64_t points = std::int64_t{radix} * parts;
    std::vector<float>& twiddles = numbers_.emplace_back();
    for (int j = 0; j < parts; ++j) {
        for (int k = 1; k < radix; ++k) append_root(twiddles, std::int64_t{j} * k, points);
    }
    const float* const first_twiddle = twiddles.data();
    std::vector<float>& roots = numbers_.emplace_back();
    for (int k = 0; k < radix; ++k) append_root(roots, k, radix);
    passes_.push_back({.radix = radix, .parts = parts, .twiddles = first_twiddle, .roots = roots.data()});
}

RealFftTables::RealFftTables(int n_fft, const std::vector<double>& window) : rows_{0} {
    const int half = n_fft / 2;
    const std::vector<int> radices = radices_of(half);
    int parts = half;
    for (const int radix : radices) {
        parts /= radix;
        add_pass(radix, parts);
    }
    // A pass sends the points k = k' radix + r into part r: the rows of a transform from those of its parts.
    for (auto pass = passes_.rbegin(); pass != passes_.rend(); ++pass) {
        std::vector<int> rows;
        for (int k = 0; k < pass->parts * pass->radix; ++k) {
            rows.push_back(k % pass->radix * pass->parts + rows_[static_cast<std::size_t>(k / pass->radix)]);
        }
        rows_ = rows;
    }
    for (int k = 0; k <= half / 2; ++k) append_root(split_, k, n_fft);
    for (const double weight : window) window_.push_back(static_cast<float>(weight / 2));
    fft_ = {.half = half,
            .passes = static_cast<int>(passes_.size()),
            .pass = passes_.data(),
            .row = rows_.data(),
            .split = split_.data(),
            .window = window_.data(),
            .work_rows = 2 * (std::int64_t{half} + *std::max_element(radices.begin(), radices.end()))};
}

}  // namespace kickdrum
