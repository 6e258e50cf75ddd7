// SPDX-License-Identifier: MIT
// The inner loops of the features, against double precision.
#include "dsp/spectral_kernels.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "dsp/aligned_floats.h"
#include "dsp/features/blocked_weights.h"
#include "tests/dsp/feature_signals.h"
#include "tests/dsp/simd_test.h"

namespace kickdrum {
namespace {

class SpectralKernelsTest : public SimdTest {
 protected:
    const SpectralKernels& kernels() const { return spectral_kernels(simd()); }
    int lanes() const { return kernels().lanes; }

    // [bins] rows of noise above `least`; the middle lane is silent.
    std::vector<float> spectrum(int bins) const {
        std::vector<float> rows = lcg_noise(static_cast<std::size_t>(bins * lanes()));
        for (std::size_t i = 0; i < rows.size(); ++i) {
            rows[i] = static_cast<int>(i) % lanes() == lanes() / 2 ? 0 : rows[i] + 0.5F;
        }
        return rows;
    }
    std::vector<double> lane_of(const std::vector<float>& rows, int lane) const {
        std::vector<double> values;
        for (std::size_t i = static_cast<std::size_t>(lane); i < rows.size();
             i += static_cast<std::size_t>(lanes())) {
            values.push_back(static_cast<double>(rows[i]));
        }
        return values;
    }
};
INSTANTIATE_FOR_SIMD_LEVELS(SpectralKernelsTest);

TEST_P(SpectralKernelsTest, Shape) {
    constexpr int kBins = 77;
    constexpr double kHz = 10;
    const auto power = spectrum(kBins);
    std::vector<float> magnitude(power.size(), NAN);
    std::vector<float> rows(static_cast<std::size_t>(3 * lanes()), NAN);
    kernels().shape(power.data(), kBins, kHz, 0.85F, magnitude.data(), rows.data());
    for (int lane = 0; lane < lanes(); ++lane) {
        const auto p = lane_of(power, lane);
        double sum = 0;
        double moment = 0;
        for (std::size_t k = 0; k < p.size(); ++k) {
            sum += std::sqrt(p[k]);
            moment += std::sqrt(p[k]) * kHz * static_cast<double>(k);
        }
        const double centroid = sum > 0 ? moment / sum : 0;
        double spread = 0;
        double below = 0;
        double rolloff = 0;
        for (std::size_t k = 0; k < p.size(); ++k) {
            spread += std::sqrt(p[k]) * std::pow(kHz * static_cast<double>(k) - centroid, 2);
            if (below < 0.85 * sum) rolloff = kHz * static_cast<double>(k);
            below += std::sqrt(p[k]);
        }
        const auto actual = lane_of(rows, lane);
        EXPECT_NEAR(actual[0], centroid, 1e-4 * kHz * kBins);
        EXPECT_NEAR(actual[1], sum > 0 ? std::sqrt(spread / sum) : 0, 1e-4 * kHz * kBins);
        EXPECT_NEAR(actual[2], rolloff, 1e-3);
        EXPECT_NEAR(lane_of(magnitude, lane)[50], std::sqrt(p[50]), 1e-6);
    }
}

TEST_P(SpectralKernelsTest, Flatness) {
    const auto power = spectrum(61);
    std::vector<float> row(static_cast<std::size_t>(lanes()), NAN);
    kernels().flatness(power.data(), 61, 1e-10F, row.data());
    for (int lane = 0; lane < lanes(); ++lane) {
        double logs = 0;
        double sum = 0;
        for (const double p : lane_of(power, lane)) {
            logs += std::log(std::max(p, 1e-10)) / 61;
            sum += std::max(p, 1e-10) / 61;
        }
        EXPECT_NEAR(static_cast<double>(row[static_cast<std::size_t>(lane)]), std::exp(logs) / sum, 1e-5);
    }
}

TEST_P(SpectralKernelsTest, Extremes) {
    const auto power = spectrum(40);
    for (const int count : {1, 3, SpectralKernels::kMostExtremes}) {
        std::vector<float> rows(static_cast<std::size_t>(2 * lanes()), NAN);
        kernels().extremes(power.data(), {.first = 5, .end = 33}, count, rows.data());
        for (int lane = 0; lane < lanes(); ++lane) {
            auto p = lane_of(power, lane);
            p = {p.begin() + 5, p.begin() + 33};
            std::sort(p.begin(), p.end());
            double low = 0;
            double high = 0;
            for (int i = 0; i < count; ++i) {
                low += p[static_cast<std::size_t>(i)] / count;
                high += p[p.size() - 1 - static_cast<std::size_t>(i)] / count;
            }
            EXPECT_NEAR(lane_of(rows, lane)[0], low, 1e-6);
            EXPECT_NEAR(lane_of(rows, lane)[1], high, 1e-6);
        }
    }
}

TEST_P(SpectralKernelsTest, Peaks) {
    constexpr int kBins = 50;
    constexpr BinRange kRange{.first = 3, .end = 45};
    auto power = spectrum(kBins);
    power[static_cast<std::size_t>(48 * lanes())] = 5;  // outside of the range, but the frame's largest
    for (const int frames : {1, lanes() - 1, lanes()}) {
        std::vector<SpectralPeak> peaks(static_cast<std::size_t>(lanes() * kBins));
        const int count = kernels().peaks(power.data(), kBins, kRange, 0.15F, frames, peaks.data());
        int expected = 0;
        for (int k = kRange.first; k < kRange.end; ++k) {
            for (int lane = 0; lane < frames; ++lane) {
                const auto p = lane_of(power, lane);
                const auto here = static_cast<std::size_t>(k);
                const double largest = *std::max_element(p.begin(), p.end());
                if (!(p[here] > p[here - 1] && p[here] >= p[here + 1] && p[here] > 0.15 * largest)) continue;
                ASSERT_LT(expected, count);
                const SpectralPeak& peak = peaks[static_cast<std::size_t>(expected++)];
                EXPECT_EQ(peak.bin, k);
                EXPECT_EQ(static_cast<double>(peak.before), p[here - 1]);
                EXPECT_EQ(static_cast<double>(peak.height), p[here]);
                EXPECT_EQ(static_cast<double>(peak.after), p[here + 1]);
            }
        }
        EXPECT_EQ(count, expected);
        EXPECT_GT(count, 0);
    }
}

TEST_P(SpectralKernelsTest, Combine) {
    const int columns = 2 * lanes() + 1;
    for (const int outputs : {1, 4, 7}) {
        BlockedWeights matrix(outputs, 9);
        const auto weights = lcg_noise(static_cast<std::size_t>(outputs * 9));
        for (int o = 0; o < outputs; ++o) {
            for (int i = 0; i < 9; ++i) matrix.at(o, i) = weights[static_cast<std::size_t>(o * 9 + i)];
        }
        const auto src = lcg_noise(static_cast<std::size_t>(9 * (columns + 2)));
        std::vector<float> dst(static_cast<std::size_t>(outputs * (columns + 3)), 7);
        kernels().combine(matrix.view(), src.data(), columns + 2, columns, dst.data(), columns + 3);
        for (int o = 0; o < outputs; ++o) {
            for (int t = 0; t < columns + 3; ++t) {
                double sum = 0;
                for (int i = 0; t < columns && i < 9; ++i) {
                    sum += static_cast<double>(matrix.at(o, i)) *
                           static_cast<double>(src[static_cast<std::size_t>(i * (columns + 2) + t)]);
                }
                const float actual = dst[static_cast<std::size_t>(o * (columns + 3) + t)];
                EXPECT_NEAR(static_cast<double>(actual), t < columns ? sum : 7, t < columns ? 1e-5 : 0);
            }
        }
    }
}

TEST_P(SpectralKernelsTest, Level) {
    auto samples = lcg_noise(100);
    samples[10] = 1e-11F;
    samples[11] = -1e-11F;  // as good as zero: no change of sign
    samples[12] = 0.1F;
    for (const int count : {0, 1, 5, 64, 99}) {
        float squares = NAN;
        int crossings = -1;
        kernels().level(samples.data() + 1, count, &squares, &crossings);
        double expected = 0;
        int changes = 0;
        const auto negative = [&](int i) { return samples[static_cast<std::size_t>(i)] < -1e-10F; };
        for (int i = 1; i <= count; ++i) {
            expected += std::pow(static_cast<double>(samples[static_cast<std::size_t>(i)]), 2);
            changes += negative(i) != negative(i - 1) ? 1 : 0;
        }
        EXPECT_NEAR(static_cast<double>(squares), expected, 1e-5);
        EXPECT_EQ(crossings, changes);
    }
}

}  // namespace
}  // namespace kickdrum
