// SPDX-License-Identifier: MIT
#include "dsp/log_mel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <thread>
#include <vector>

#include "kernels/device/error.h"
#include "tests/dsp/naive_log_mel.h"
#include "tests/dsp/simd_test.h"

namespace kickdrum {
namespace {

class LogMelTest : public SimdTest {};
INSTANTIATE_FOR_SIMD_LEVELS(LogMelTest);

struct Spectrogram {
    std::vector<float> power;
    std::vector<float> db;
};

Spectrogram compute(const LogMelPlan& plan, const std::vector<float>& samples) {
    const auto size = static_cast<std::size_t>(plan.frames(static_cast<std::int64_t>(samples.size()))) *
                      static_cast<std::size_t>(plan.settings().n_mels);
    // An element that nothing writes shows as NaN.
    Spectrogram result{std::vector<float>(size, NAN), std::vector<float>(size, NAN)};
    LogMelPlan::Scratch scratch;
    plan.mel_power(samples, scratch, result.power);
    plan.execute(samples, scratch, result.db);
    return result;
}

// Power: 1e-4 of the value, down to 60 dB below the frame's loudest band; the rounding of single precision is
// as large as that in what lies deeper. dB: 1e-3 everywhere.
void expect_near_reference(const Spectrogram& actual, const NaiveLogMel& expected, double top_db) {
    ASSERT_EQ(actual.power.size(), expected.power.size());
    double power_error = 0;
    double db_error = 0;
    for (std::size_t i = 0; i < expected.power.size(); ++i) {
        const double power = expected.power[i];
        const double loudest = expected.loudest[i % expected.loudest.size()];
        if (power > 0 && power >= 1e-6 * loudest) {
            const double difference = static_cast<double>(actual.power[i]) - power;
            power_error = std::max(power_error, std::abs(difference) / power);
        }
        db_error = std::max(db_error, std::abs(static_cast<double>(actual.db[i]) - expected.db[i]));
        ASSERT_TRUE(std::isfinite(actual.power[i]) && std::isfinite(actual.db[i])) << i;
        ASSERT_GE(static_cast<double>(actual.db[i]), -top_db);
        ASSERT_LE(actual.db[i], 0.0F);
    }
    EXPECT_LE(power_error, 1e-4);
    EXPECT_LE(db_error, 1e-3);
}

TEST_P(LogMelTest, MatchesDoublePrecision) {
    const LogMelSettings standard;
    const std::vector<LogMelSettings> cases = {
        standard,
        {.n_fft = 512, .hop_length = 100},
        {.n_fft = 2048, .hop_length = 512, .fmax = 2000},
        {.n_fft = 4096, .hop_length = 4096, .n_mels = 40},
        {.sample_rate = 16000,
         .n_fft = 400,
         .hop_length = 160,
         .n_mels = 40,
         .fmin = 0,
         .fmax = 8000,
         .top_db = 60},
        {.sample_rate = 8000, .n_fft = 202, .hop_length = 77, .n_mels = 5, .fmin = 0, .fmax = 4000},
        {.sample_rate = 8000, .n_fft = 4, .hop_length = 1, .n_mels = 2, .fmin = 0, .fmax = 4000},
    };
    for (const LogMelSettings& settings : cases) {
        SCOPED_TRACE(testing::Message() << "n_fft " << settings.n_fft);
        const LogMelPlan plan(settings, simd());
        const auto samples = test_music(settings.n_fft * 5 + 123, settings.sample_rate);
        expect_near_reference(compute(plan, samples), naive_log_mel(settings, samples), settings.top_db);
    }
}

TEST_P(LogMelTest, ClipsOfAnyLength) {
    const LogMelSettings settings{.n_fft = 512, .hop_length = 128, .n_mels = 32};
    const LogMelPlan plan(settings, simd());
    for (const int size :
         {0, 1, 127, 128, 255, 256, 511, 512, 513, 15 * 128 - 1, 15 * 128, 16 * 128, 16 * 128 + 300}) {
        SCOPED_TRACE(testing::Message() << size << " samples");
        EXPECT_EQ(plan.frames(size), 1 + size / 128);
        const auto samples = test_music(size, settings.sample_rate);
        expect_near_reference(compute(plan, samples), naive_log_mel(settings, samples), settings.top_db);
    }
}

TEST_P(LogMelTest, SilenceIsTheLoudestThereIs) {
    const LogMelPlan plan({}, simd());
    const Spectrogram result = compute(plan, std::vector<float>(5000));
    EXPECT_EQ(result.power, std::vector<float>(128 * 10));
    EXPECT_EQ(result.db, std::vector<float>(128 * 10));
}

TEST_P(LogMelTest, QuietClipsStopAtTheSmallestPower) {
    const LogMelSettings settings;
    const LogMelPlan plan(settings, simd());
    auto samples = test_music(8000, settings.sample_rate);
    for (float& x : samples) x *= 1e-5F;
    expect_near_reference(compute(plan, samples), naive_log_mel(settings, samples), settings.top_db);
}

TEST_P(LogMelTest, LargeTopDbReachesFarDown) {
    const LogMelSettings settings{.n_mels = 20, .top_db = 400};
    const LogMelPlan plan(settings, simd());
    const auto samples = test_music(8000, settings.sample_rate);
    const Spectrogram result = compute(plan, samples);
    const NaiveLogMel expected = naive_log_mel(settings, samples);
    for (std::size_t i = 0; i < result.db.size(); ++i) {
        if (expected.db[i] > -60) {
            EXPECT_NEAR(static_cast<double>(result.db[i]), expected.db[i], 1e-3);
        }
    }
}

TEST_P(LogMelTest, EveryThreadComputesTheSameBits) {
    const LogMelPlan plan({}, simd());
    std::vector<std::vector<float>> clips;
    std::vector<std::vector<float>> alone;
    for (int i = 0; i < 8; ++i) {
        clips.push_back(test_music(4000 + 1111 * i, 22050));
        alone.push_back(compute(plan, clips.back()).db);
    }
    // Each thread's scratch serves clips of several lengths, in another order than another thread's.
    std::vector<std::thread> threads;
    std::vector<int> wrong(4);
    for (int thread = 0; thread < 4; ++thread) {
        threads.emplace_back([&, thread] {
            LogMelPlan::Scratch scratch;
            for (int i = 0; i < 8; ++i) {
                const auto clip = static_cast<std::size_t>((i * 3 + thread) % 8);
                std::vector<float> db(alone[clip].size());
                plan.execute(clips[clip], scratch, db);
                wrong[static_cast<std::size_t>(thread)] += db == alone[clip] ? 0 : 1;
            }
        });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(wrong, std::vector<int>(4));
}

TEST(LogMelSettingsTest, SettingsWithoutSenseAreRefused) {
    const auto refused = [](const LogMelSettings& settings) {
        EXPECT_THROW(LogMelPlan(settings, SimdLevel::portable), InvalidArgument);
    };
    refused({.n_fft = 1023});
    refused({.n_fft = 2});
    refused({.n_fft = 1 << 17});
    refused({.hop_length = 0});
    refused({.n_mels = 0});
    refused({.fmin = -1});
    refused({.fmin = 500, .fmax = 500});
    refused({.sample_rate = 16000});  // fmax 11000 is more than half of it
    refused({.top_db = 0});
    refused({.top_db = NAN});
    EXPECT_NO_THROW(LogMelPlan({}, SimdLevel::portable));
}

TEST(LogMelSettingsTest, TheResultMustFit) {
    const LogMelPlan plan({}, SimdLevel::portable);
    LogMelPlan::Scratch scratch;
    std::vector<float> db(128 * 2);
    EXPECT_THROW(plan.execute(std::vector<float>(1024), scratch, db), InvalidArgument);
    EXPECT_NO_THROW(plan.execute(std::vector<float>(1023), scratch, db));
}

}  // namespace
}  // namespace kickdrum
