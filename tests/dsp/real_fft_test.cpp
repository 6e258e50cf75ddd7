// SPDX-License-Identifier: MIT
// The FFT inside the spectrogram, against the sum that defines it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <new>
#include <vector>

#include "dsp/log_mel_kernels.h"
#include "dsp/real_fft_tables.h"
#include "dsp/window.h"
#include "tests/dsp/naive_log_mel.h"
#include "tests/dsp/simd_test.h"

namespace kickdrum {
namespace {

class RealFftTest : public SimdTest {
 protected:
    // [n_fft / 2 + 1] rows of `lanes` frames
    std::vector<float> powers(int n_fft, const std::vector<double>& window, const std::vector<float>& samples,
                              int hop) {
        const RealFftTables tables(n_fft, window);
        const auto lanes = static_cast<std::size_t>(kernels().lanes);
        struct alignas(64) Line {
            float numbers[16];
        };
        std::vector<Line> work(static_cast<std::size_t>(tables.fft().work_rows) * lanes / 16 + 1);
        const std::size_t count = (static_cast<std::size_t>(n_fft) / 2 + 1) * lanes;
        std::vector<Line> power(count / 16 + 1);
        kernels().power(tables.fft(), samples.data(), hop, work[0].numbers, power[0].numbers);
        return {power[0].numbers, power[0].numbers + count};
    }
    const LogMelKernels& kernels() const { return log_mel_kernels(simd()); }
};
INSTANTIATE_FOR_SIMD_LEVELS(RealFftTest);

std::vector<float> noise(std::size_t size) {
    const RandomStream stream = random_stream(5, "noise");
    std::vector<float> samples;
    for (std::size_t i = 0; i < size; ++i) samples.push_back(uniform01(philox(stream, i)[0]) - 0.5F);
    return samples;
}

// All mixtures of passes: eights, fours, both, a two, primes, and a half that is a large prime.
TEST_P(RealFftTest, MatchesTheSum) {
    for (const int n_fft : {4,   6,   8,   10,  12,  16,  20,  32,  34,  48,   64,   96,   100, 128,
                            202, 240, 256, 398, 400, 512, 768, 882, 998, 1024, 1200, 2048, 4096}) {
        SCOPED_TRACE(testing::Message() << "n_fft " << n_fft);
        const int hop = n_fft / 4 + 1;
        const auto length = static_cast<std::size_t>(n_fft);
        const auto lanes = static_cast<std::size_t>(kernels().lanes);
        const auto samples = noise((lanes - 1) * static_cast<std::size_t>(hop) + length);
        const auto window = hann_window(n_fft);
        const auto actual = powers(n_fft, window, samples, hop);
        for (const std::size_t lane : {std::size_t{0}, lanes / 2, lanes - 1}) {
            std::vector<double> frame;
            for (std::size_t i = 0; i < length; ++i) {
                frame.push_back(window[i] *
                                static_cast<double>(samples[lane * static_cast<std::size_t>(hop) + i]));
            }
            const auto expected = naive_power_spectrum(frame);
            const double largest = *std::max_element(expected.begin(), expected.end());
            double error = 0;
            for (std::size_t k = 0; k < expected.size(); ++k) {
                error =
                    std::max(error, std::abs(static_cast<double>(actual[k * lanes + lane]) - expected[k]));
            }
            EXPECT_LE(error, 2e-6 * largest) << "frame " << lane;
        }
    }
}

// A cosine in the middle of bin k, under no window: (n / 2)^2 there, and rounding elsewhere.
TEST_P(RealFftTest, ATonesPowerIsInItsBin) {
    constexpr int kLength = 1024;
    const auto lanes = static_cast<std::size_t>(kernels().lanes);
    for (const std::size_t bin : {1, 2, 255, 256, 257, 511}) {
        std::vector<float> samples;
        for (std::size_t i = 0; i < kLength * lanes; ++i) {
            const double angle = 2 * std::numbers::pi * static_cast<double>(i * bin % kLength) / kLength;
            samples.push_back(static_cast<float>(std::cos(angle)));
        }
        const auto power = powers(kLength, std::vector<double>(kLength, 1), samples, kLength);
        for (std::size_t k = 0; k <= kLength / 2; ++k) {
            const double expected = k == bin ? 512.0 * 512.0 : 0;
            EXPECT_NEAR(static_cast<double>(power[k * lanes]), expected, k == bin ? 0.2 : 1e-6)
                << bin << ", " << k;
        }
    }
}

}  // namespace
}  // namespace kickdrum
