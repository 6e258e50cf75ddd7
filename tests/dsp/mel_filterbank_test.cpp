// SPDX-License-Identifier: MIT
#include "dsp/mel_filterbank.h"

#include <gtest/gtest.h>

#include <cmath>

#include "kernels/device/error.h"
#include "tests/dsp/naive_log_mel.h"

namespace kickdrum {
namespace {

TEST(MelScaleTest, SlaneysIsLinearBelow1000Hz) {
    EXPECT_NEAR(hz_to_mel(60, MelScale::slaney), 0.9, 1e-12);
    EXPECT_NEAR(hz_to_mel(1000, MelScale::slaney), 15, 1e-12);
    EXPECT_NEAR(hz_to_mel(6400, MelScale::slaney), 42, 1e-12);
    EXPECT_NEAR(mel_to_hz(42, MelScale::slaney), 6400, 1e-9);
    EXPECT_NEAR(hz_to_mel(1000, MelScale::htk), 999.9855, 1e-4);
    for (const MelScale scale : {MelScale::slaney, MelScale::htk}) {
        for (const double hz : {0.0, 20.0, 999.0, 1001.0, 11000.0}) {
            EXPECT_NEAR(mel_to_hz(hz_to_mel(hz, scale), scale), hz, 1e-8);
        }
    }
}

TEST(MelFilterbankTest, MatchesTheFormulaInDouble) {
    const std::vector<LogMelSettings> cases = {
        {},
        {.n_fft = 512, .n_mels = 256},
        {.sample_rate = 48000, .n_fft = 4096, .n_mels = 40, .fmin = 0, .fmax = 24000},
        {.sample_rate = 16000, .n_fft = 400, .n_mels = 80, .fmin = 300, .fmax = 2000}};
    for (const LogMelSettings& settings : cases) {
        const auto expected = naive_filterbank(settings);
        const auto bands = mel_filterbank({.sample_rate = settings.sample_rate,
                                           .n_fft = settings.n_fft,
                                           .n_mels = settings.n_mels,
                                           .fmin = settings.fmin,
                                           .fmax = settings.fmax});
        ASSERT_EQ(bands.size(), expected.size());
        for (std::size_t m = 0; m < bands.size(); ++m) {
            std::vector<double> dense(expected[m].size());
            for (std::size_t i = 0; i < bands[m].weights.size(); ++i) {
                EXPECT_GT(bands[m].weights[i], 0);
                dense.at(static_cast<std::size_t>(bands[m].first_bin) + i) =
                    static_cast<double>(bands[m].weights[i]);
            }
            for (std::size_t k = 0; k < dense.size(); ++k) {
                EXPECT_NEAR(dense[k], expected[m][k], 1e-7 * expected[m][k] + 1e-15)
                    << "band " << m << ", bin " << k;
            }
        }
    }
}

// librosa 0.11.0, librosa.filters.mel(sr, n_fft, n_mels, fmin, fmax, htk): the first weights of some bands,
// how many there are, and the sum of all.
struct LibrosaBand {
    int band, first_bin, bins;
    std::vector<double> weights;
};
struct LibrosaCase {
    MelFilterbankSettings settings;
    double sum;
    std::vector<LibrosaBand> bands;
};

TEST(MelFilterbankTest, MatchesLibrosa) {
    const std::vector<LibrosaCase> cases = {
        {{.sample_rate = 22050, .n_fft = 1024, .n_mels = 128, .fmin = 20, .fmax = 11000},
         5.943714053611529,
         {{0, 1, 3, {0.0023355603, 0.035137538, 0.010119973}},
          {1, 3, 2, {0.028909771, 0.016347738}},
          {39, 48, 2, {0.017933445, 0.02610998}},
          {64, 92, 5, {0.0022472364, 0.0098483348, 0.017449433, 0.012443276}},
          {127, 485, 26, {0.00012407913, 0.00039634257, 0.00066860602, 0.0009408695}}}},
        {{.sample_rate = 22050, .n_fft = 2048, .n_mels = 128, .fmin = 0, .fmax = 11025},
         11.886681291211517,
         {{0, 1, 4, {0.016182853, 0.032365706, 0.028990088, 0.012807235}},
          {20, 48, 5, {0.0013904773, 0.017573331, 0.033756185, 0.02759961}},
          {127, 971, 53, {7.1848153e-06, 0.00014095657, 0.00027472834, 0.00040850008}}}},
        {{.sample_rate = 16000, .n_fft = 512, .n_mels = 40, .fmin = 0, .fmax = 8000, .scale = MelScale::htk},
         1.2780704608412634,
         {{0, 1, 2, {0.015382953, 0.013452669}},
          {20, 55, 10, {0.0010800333, 0.0023962024, 0.0037123715, 0.0050285403}},
          {39, 224, 33, {2.5845009e-05, 0.00015318654, 0.0002805281, 0.00040786961}}}}};
    for (const LibrosaCase& c : cases) {
        const auto bands = mel_filterbank(c.settings);
        double sum = 0;
        for (const MelBand& band : bands) {
            for (const float weight : band.weights) sum += static_cast<double>(weight);
        }
        EXPECT_NEAR(sum, c.sum, 1e-6 * c.sum);
        for (const LibrosaBand& expected : c.bands) {
            const MelBand& band = bands.at(static_cast<std::size_t>(expected.band));
            EXPECT_EQ(band.first_bin, expected.first_bin);
            ASSERT_EQ(static_cast<int>(band.weights.size()), expected.bins);
            for (std::size_t i = 0; i < expected.weights.size(); ++i) {
                EXPECT_NEAR(static_cast<double>(band.weights[i]), expected.weights[i],
                            2e-7 * expected.weights[i] + 1e-10);
            }
        }
    }
}

TEST(MelFilterbankTest, SaysWhichBandsAreEmpty) {
    EXPECT_TRUE(
        empty_bands(mel_filterbank({.n_fft = 1024, .n_mels = 128, .fmin = 20, .fmax = 11000})).empty());
    const auto bands = mel_filterbank({.n_fft = 256, .n_mels = 128});
    const auto empty = empty_bands(bands);
    ASSERT_FALSE(empty.empty());
    EXPECT_EQ(empty.front(), 0);  // 0 to 60 Hz, where the bins are 86 Hz apart
    for (const int band : empty) EXPECT_TRUE(bands.at(static_cast<std::size_t>(band)).weights.empty());
}

TEST(MelFilterbankTest, SettingsWithoutSenseAreRefused) {
    EXPECT_THROW(mel_filterbank({.n_mels = 0}), InvalidArgument);
    EXPECT_THROW(mel_filterbank({.n_fft = 0}), InvalidArgument);
    EXPECT_THROW(mel_filterbank({.sample_rate = 0}), InvalidArgument);
    EXPECT_THROW(mel_filterbank({.fmin = -1}), InvalidArgument);
    EXPECT_THROW(mel_filterbank({.fmin = 3000, .fmax = 2000}), InvalidArgument);
    EXPECT_THROW(mel_filterbank({.fmax = 11026}), InvalidArgument);
    EXPECT_THROW(mel_filterbank({.fmin = NAN}), InvalidArgument);
}

}  // namespace
}  // namespace kickdrum
