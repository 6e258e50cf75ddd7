// SPDX-License-Identifier: MIT
// Windows, scales, magnitudes, PCEN, MFCC and channels against librosa 0.11: rows 0, 1, 5, 11 (of MFCC 0, 1,
// 3, 5) and frames 0, 5, 12, 16 of what it computes for tone(), with sr=22050, n_fft=512, hop_length=256,
// n_mels=16, fmin=20, fmax=11000.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <numbers>

#include "dsp/clip_features.h"
#include "kernels/device/error.h"

namespace kickdrum {
namespace {

constexpr int kBands = 16;
constexpr int kFrames = 17;
using Stored = std::array<std::array<double, 4>, 4>;
constexpr std::array<int, 4> kRows{0, 1, 5, 11};
constexpr std::array<int, 4> kPlaces{0, 5, 12, 16};

// 0.5 sin(440 Hz), and 0.25 sin(3000 Hz) from sample 2001 on.
std::vector<float> tone() {
    std::vector<float> samples;
    for (int i = 0; i < 4096; ++i) {
        const double angle = 2 * std::numbers::pi * i / 22050;
        const double second = i > 2000 ? 0.25 * std::sin(3000 * angle) : 0;
        samples.push_back(static_cast<float>(0.5 * std::sin(440 * angle) + second));
    }
    return samples;
}

LogMelSettings settings() {
    return {.n_fft = 512, .hop_length = 256, .n_mels = kBands};
}

// value(row, frame), row 0 the lowest.
template <class Value>
void expect_stored(const Value& value, const Stored& stored, const std::array<int, 4>& rows, double absolute,
                   double relative) {
    for (std::size_t r = 0; r < 4; ++r) {
        for (std::size_t c = 0; c < 4; ++c) {
            const double expected = stored[r][c];
            EXPECT_NEAR(static_cast<double>(value(rows[r], kPlaces[c])), expected,
                        absolute + relative * std::abs(expected))
                << "row " << rows[r] << ", frame " << kPlaces[c];
        }
    }
}

void expect_bands(const LogMelSettings& log_mel, const Stored& stored) {
    const LogMelPlan plan(log_mel, best_simd_level());
    LogMelPlan::Scratch scratch;
    std::vector<float> bands(static_cast<std::size_t>(kBands * kFrames));
    plan.mel_power(tone(), scratch, bands);
    expect_stored([&](int r, int c) { return bands[static_cast<std::size_t>(r * kFrames + c)]; }, stored,
                  kRows, 1e-8, 3e-4);
}

TEST(FrontEnds, HtkHammingMagnitudes) {
    LogMelSettings log_mel = settings();
    log_mel.mel_scale = MelScale::htk;
    log_mel.window = WindowKind::hamming;
    log_mel.win_length = 400;
    log_mel.magnitude = true;
    expect_bands(log_mel, {{{0.1100084, 0.008629737, 0.003002399, 0.04371353},
                            {0.2704328, 0.1792303, 0.1788097, 0.2183748},
                            {0.01406775, 0.001527124, 0.003850332, 0.04144925},
                            {0.001046198, 0.0002322546, 0.001258587, 0.002121473}}});
}

TEST(FrontEnds, Blackman) {
    LogMelSettings log_mel = settings();
    log_mel.window = WindowKind::blackman;
    expect_bands(log_mel, {{{1.247126, 0.3517561, 0.3517769, 0.6416917},
                            {8.744365, 20.8518, 20.85176, 8.199264},
                            {0.008957107, 2.075752e-08, 1.445105e-08, 0.07520363},
                            {6.732798e-05, 3.342822e-12, 1.393845e-08, 0.0007158609}}});
}

// The picture [rows, 17, channels] that isn't resized; the highest row is on top.
struct Picture {
    explicit Picture(const ClipFeatureSettings& spec)
        : rows(spec.height), channels(std::ssize(spec.channels)) {
        values.resize(static_cast<std::size_t>(spec.height * spec.width * channels));
        ClipFeaturePlan(spec, best_simd_level()).compute(tone(), values);
    }
    float at(std::int64_t row, std::int64_t frame, std::int64_t channel = 0) const {
        return values[static_cast<std::size_t>(((rows - 1 - row) * kFrames + frame) * channels + channel)];
    }
    std::int64_t rows;
    std::int64_t channels;
    std::vector<float> values;
};

ClipFeatureSettings unresized() {
    return {.log_mel = settings(), .height = kBands, .width = kFrames, .resize = false};
}

TEST(FrontEnds, DecibelsOfOneAndTheirSlopes) {
    ClipFeatureSettings spec = unresized();
    spec.log_mel.absolute = true;
    spec.channels = {ClipChannel::value, ClipChannel::delta, ClipChannel::difference,
                     ClipChannel::without_mean};
    const Picture picture(spec);
    // Pictures are upside down: -dB / top_db.
    expect_stored([&](int r, int c) { return -80 * picture.at(r, c); },
                  {{{0.9594309, -5.609813, -5.607871, -1.846846},
                    {10.50728, 14.14767, 14.14763, 10.27888},
                    {-20.49363, -65.85233, -65.85233, -11.24404},
                    {-41.71897, -65.85233, -65.85233, -31.48806}}},
                  kRows, 2e-3, 0);
    expect_stored([&](int r, int c) { return -80 * picture.at(r, c, 1); },
                  {{{-0.4376695, 6.112258e-05, 0.2507417, 0.2507418},
                    {0.2417461, -0.0007055124, -0.2569895, -0.25699},
                    {0.05015978, 2.243498, 1.311151, 1.311152},
                    {2.397994, 2.911432, -0.5911709, -0.5911692}}},
                  kRows, 1e-3, 0);
    for (int r = 0; r < kBands; ++r) {
        double sum = 0;
        EXPECT_EQ(picture.at(r, 0, 2), 0);
        for (int c = 0; c < kFrames; ++c) {
            sum += static_cast<double>(picture.at(r, c, 3));
            EXPECT_NEAR(picture.at(r, c, 3) - picture.at(r, 0, 3), picture.at(r, c) - picture.at(r, 0),
                        1e-5F);
            if (c > 0) {
                EXPECT_EQ(picture.at(r, c, 2), picture.at(r, c) - picture.at(r, c - 1));
            }
        }
        EXPECT_NEAR(sum, 0, 1e-4);
    }
}

TEST(FrontEnds, DecibelsOfMagnitudes) {
    ClipFeatureSettings spec = unresized();
    spec.log_mel.magnitude = true;
    const Picture picture(spec);
    expect_stored([&](int r, int c) { return -80 * picture.at(r, c); },
                  {{{-11.17679, -29.8231, -29.7452, -15.81403},
                    {-1.425494, -0.0005302429, -3.004074e-05, -1.794838},
                    {-31.69442, -79.42036, -80.0, -22.32808},
                    {-52.8627, -80.0, -80.0, -44.93172}}},
                  kRows, 1e-2, 0);
}

TEST(FrontEnds, Pcen) {
    ClipFeatureSettings spec = unresized();
    spec.kind = ClipKind::pcen;
    spec.log_mel.magnitude = true;
    const Picture picture(spec);
    expect_stored([&](int r, int c) { return picture.at(r, c); },
                  {{{5.669289, 1.034265, 0.8215544, 2.186124},
                    {5.74609, 1.958102, 1.18702, 0.8609331},
                    {5.510588, 0.07350402, 0.05193163, 4.73599},
                    {5.350863, 0.01073326, 0.03920131, 2.148064}}},
                  kRows, 1e-4, 1e-3);
}

// The formula, in double precision, with settings of one's own.
TEST(FrontEnds, PcenTakesSettings) {
    ClipFeatureSettings spec = unresized();
    spec.kind = ClipKind::pcen;
    spec.pcen = {.gain = 0.6, .bias = 1.5, .power = 0.3, .time_constant = 0.1, .eps = 1e-5};
    const Picture picture(spec);
    LogMelPlan::Scratch scratch;
    std::vector<float> bands(static_cast<std::size_t>(kBands * kFrames));
    LogMelPlan(spec.log_mel, best_simd_level()).mel_power(tone(), scratch, bands);
    const double t = 0.1 * 22050 / 256;
    const double b = (std::sqrt(1 + 4 * t * t) - 1) / (2 * t * t);
    for (int row = 0; row < kBands; ++row) {
        double mean = 1;
        for (int frame = 0; frame < kFrames; ++frame) {
            const double s =
                static_cast<double>(bands[static_cast<std::size_t>(row * kFrames + frame)]) * 2147483648.0;
            mean = (1 - b) * mean + b * s;
            const double expected = std::pow(s * std::pow(1e-5 + mean, -0.6) + 1.5, 0.3) - std::pow(1.5, 0.3);
            EXPECT_NEAR(static_cast<double>(picture.at(row, frame)), expected, 1e-5 + 1e-4 * expected);
        }
    }
}

TEST(FrontEnds, Mfcc) {
    ClipFeatureSettings spec = unresized();
    spec.kind = ClipKind::mfcc;
    spec.n_mfcc = 6;
    spec.height = 6;
    const Picture picture(spec);
    expect_stored([&](int r, int c) { return picture.at(r, c); },
                  {{{-106.0514, -202.7039, -169.2144, -57.22345},
                    {74.59399, 78.74507, 60.52143, 50.23517},
                    {9.793112, 34.85949, 76.99631, 16.802},
                    {-1.606462, -6.621908, -45.26727, -17.83045}}},
                  {0, 1, 3, 5}, 1e-2, 0);
}

TEST(FrontEnds, UnresizedPicturesAreCutOrPadded) {
    ClipFeatureSettings spec = unresized();
    const Picture whole(spec);
    for (const int width : {9, 30}) {
        spec.width = width;
        std::vector<float> image(static_cast<std::size_t>(kBands * width));
        ClipFeaturePlan(spec, best_simd_level()).compute(tone(), image);
        for (int row = 0; row < kBands; ++row) {
            for (int c = 0; c < width; ++c) {
                const float value = image[static_cast<std::size_t>((kBands - 1 - row) * width + c)];
                if (c < kFrames) {
                    EXPECT_EQ(value, whole.at(row, c));
                } else {
                    EXPECT_EQ(value, 1) << "silence";
                }
            }
        }
    }
}

TEST(FrontEnds, WhatDoesNotGoTogether) {
    const auto make = [](const ClipFeatureSettings& spec) { ClipFeaturePlan(spec, best_simd_level()); };
    ClipFeatureSettings spec = unresized();
    spec.height = 17;
    EXPECT_THROW(make(spec), InvalidArgument);
    spec = unresized();
    spec.image = ClipImage::specshow_gray;
    EXPECT_THROW(make(spec), InvalidArgument);
    spec = unresized();
    spec.channels.clear();
    EXPECT_THROW(make(spec), InvalidArgument);
    spec = unresized();
    spec.log_mel.win_length = 513;
    EXPECT_THROW(make(spec), InvalidArgument);
}

}  // namespace
}  // namespace kickdrum
