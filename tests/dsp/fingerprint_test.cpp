// SPDX-License-Identifier: MIT
#include "dsp/fingerprint.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>

#include "kernels/device/error.h"
#include "tests/dsp/naive_log_mel.h"
#include "tests/dsp/simd_test.h"

namespace kickdrum {
namespace {

class FingerprintTest : public SimdTest {};
INSTANTIATE_FOR_SIMD_LEVELS(FingerprintTest);

std::vector<float> compute(const FingerprintPlan& plan, const std::vector<float>& samples) {
    std::vector<float> numbers(kFingerprintFrames, NAN);
    LogMelPlan::Scratch scratch;
    plan.compute(samples, scratch, numbers);
    return numbers;
}

// The formula in double precision, from the naive spectrogram: 1, 0, or -1 where the two sides are so near
// each other that rounding decides.
std::vector<std::vector<int>> naive_bits(const std::vector<float>& samples, int rate) {
    const auto mel = naive_log_mel(
        {.sample_rate = rate, .n_fft = 1024, .hop_length = 256, .n_mels = 25, .fmin = 200, .fmax = 3400},
        samples);
    const std::size_t frames = mel.loudest.size();
    const std::vector<double> window = {0.25, 0.75, 1, 0.75, 0.25};
    std::vector<std::vector<double>> power(25, std::vector<double>(frames));
    std::vector<double> level(frames);
    for (std::size_t band = 0; band < 25; ++band) {
        for (std::size_t t = 0; t < frames; ++t) {
            for (std::size_t k = 0; k < window.size(); ++k) {
                if (t + k >= 2 && t + k - 2 < frames)
                    power[band][t] += window[k] * mel.power[band * frames + t + k - 2];
            }
            level[t] += power[band][t];
        }
    }
    const double floor = 1e-8 * *std::max_element(level.begin(), level.end());
    std::vector<std::vector<int>> bits;
    for (std::size_t t = 4; t < frames; ++t) {
        auto& row = bits.emplace_back();
        for (std::size_t band = 0; band + 1 < 25; ++band) {
            const double now = (power[band + 1][t] + floor) / (power[band][t] + floor);
            const double before = (power[band + 1][t - 4] + floor) / (power[band][t - 4] + floor);
            row.push_back(std::abs(now / before - 1) < 1e-3 ? -1 : now > before ? 1 : 0);
        }
    }
    return bits;
}

TEST_P(FingerprintTest, MatchesTheFormula) {
    constexpr int kRate = 11025;
    const std::vector<float> samples = test_music(kRate * 2, kRate);
    const auto expected = naive_bits(samples, kRate);
    const auto numbers = compute(FingerprintPlan(kRate, GetParam()), samples);
    int compared = 0;
    for (std::size_t t = 0; t < expected.size(); ++t) {
        ASSERT_GE(numbers[t], 0) << t;
        const auto number = static_cast<std::uint32_t>(numbers[t]);
        for (std::size_t band = 0; band < 24; ++band) {
            if (expected[t][band] < 0) continue;
            EXPECT_EQ(static_cast<int>(number >> (23 - band) & 1U), expected[t][band]) << t << ' ' << band;
            ++compared;
        }
    }
    EXPECT_GT(compared, 1500);
    for (std::size_t t = expected.size(); t < kFingerprintFrames; ++t) EXPECT_EQ(numbers[t], -1);
}

TEST_P(FingerprintTest, SilenceAndShortClipsHaveNone) {
    const FingerprintPlan plan(22050, GetParam());
    for (const std::size_t samples : {std::size_t{0}, std::size_t{1}, std::size_t{500}}) {
        for (const float number : compute(plan, std::vector<float>(samples, 0.5F))) EXPECT_EQ(number, -1);
    }
    std::vector<float> half = test_music(22050, 22050);
    half.resize(44100);
    const auto numbers = compute(plan, half);
    EXPECT_GE(numbers[30], 0);
    EXPECT_EQ(numbers[70], -1);  // a second and a half later
}

TEST_P(FingerprintTest, LouderIsTheSame) {
    const FingerprintPlan plan(22050, GetParam());
    std::vector<float> samples = test_music(44100, 22050);
    const auto numbers = compute(plan, samples);
    for (float& x : samples) x *= 0.25F;
    EXPECT_EQ(compute(plan, samples), numbers);
}

TEST_P(FingerprintTest, ArgumentsAreChecked) {
    EXPECT_THROW(FingerprintPlan(999, GetParam()), InvalidArgument);
    const FingerprintPlan plan(22050, GetParam());
    LogMelPlan::Scratch scratch;
    std::vector<float> numbers(kFingerprintFrames - 1);
    EXPECT_THROW(plan.compute(std::vector<float>(1000), scratch, numbers), InvalidArgument);
    EXPECT_NEAR(plan.frame_seconds(), 0.0232, 1e-4);
}

}  // namespace
}  // namespace kickdrum
