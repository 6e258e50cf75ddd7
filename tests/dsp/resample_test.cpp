// SPDX-License-Identifier: MIT
#include "dsp/resample.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "tests/support/audio_files.h"

namespace kickdrum {
namespace {

struct Rates {
    int from;
    int to;
};

class Resample : public testing::TestWithParam<Rates> {};

// A tone stays the same tone, but for the ends, where the filter sees zeros. (Near the highest frequency that
// both rates hold, the filter begins to fall.)
TEST_P(Resample, KeepsATone) {
    const auto [from, to] = GetParam();
    for (const double frequency : {60.0, 1000.0, 0.4 * std::min(from, to)}) {
        const auto seconds = 2;
        const auto out = resample(sine(frequency, from, static_cast<std::size_t>(from * seconds)), from, to);
        const auto expected = sine(frequency, to, static_cast<std::size_t>(to * seconds));
        ASSERT_EQ(out.size(), expected.size());
        const auto edge = static_cast<std::size_t>(to / 10);
        for (std::size_t i = edge; i + edge < out.size(); ++i) {
            ASSERT_NEAR(out[i], expected[i], 1e-4) << frequency << " Hz, sample " << i;
        }
    }
}

TEST_P(Resample, KeepsAConstant) {
    const auto [from, to] = GetParam();
    const auto out = resample(std::vector<float>(static_cast<std::size_t>(from), 0.25F), from, to);
    const std::size_t edge = out.size() / 10;
    for (std::size_t i = edge; i + edge < out.size(); ++i) ASSERT_NEAR(out[i], 0.25F, 1e-6);
}

INSTANTIATE_TEST_SUITE_P(Rates, Resample,
                         testing::Values(Rates{44100, 22050}, Rates{48000, 22050}, Rates{22050, 44100},
                                         Rates{8000, 22050}, Rates{96000, 16000}),
                         [](const auto& rates) {
                             return std::to_string(rates.param.from) + "_to_" +
                                    std::to_string(rates.param.to);
                         });

// What lies above half the new rate must go, not fold back.
TEST(Resample, RemovesWhatTheNewRateCannotHold) {
    const auto out = resample(sine(15'000, 44100, 88'200), 44100, 22050);
    for (std::size_t i = 2205; i + 2205 < out.size(); ++i) ASSERT_NEAR(out[i], 0, 1e-5);
}

TEST(Resample, RoundsTheLengthUp) {
    const auto length = [](std::size_t samples, int from, int to) {
        return resample(sine(100, from, samples), from, to).size();
    };
    EXPECT_EQ(length(1, 44100, 22050), 1U);
    EXPECT_EQ(length(2, 44100, 22050), 1U);
    EXPECT_EQ(length(383'999, 48000, 22050), 176'400U);
    EXPECT_EQ(length(44'101, 44100, 22050), 22'051U);
    EXPECT_EQ(length(3, 8000, 44100), 17U);
    EXPECT_EQ(length(0, 48000, 22050), 0U);
}

TEST(Resample, CopiesAtTheSameRate) {
    const auto wave = sine(440, 22050, 1000);
    EXPECT_EQ(resample(wave, 22050, 22050), wave);
}

TEST(Resample, RefusesRatesThatAreNone) {
    const std::vector<float> wave(10);
    EXPECT_THROW(resample(wave, 0, 22050), std::invalid_argument);
    EXPECT_THROW(resample(wave, 44100, -1), std::invalid_argument);
}

}  // namespace
}  // namespace kickdrum
