// SPDX-License-Identifier: MIT
// What a row drew is read off the results: inputs are chosen so that each draw shows by itself.
#include "kernels/ops/augment.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <numeric>
#include <set>

#include "kernels/device/error.h"
#include "tests/support/device_test.h"
#include "tests/support/test_tensor.h"

namespace kickdrum {
namespace {

constexpr std::int64_t kHeight = 6;
constexpr std::int64_t kStored = 11;
constexpr std::int64_t kChannels = 2;
constexpr std::int64_t kClips = 5;

float at(std::int64_t clip, std::int64_t h, std::int64_t w, std::int64_t c) {
    return static_cast<float>(((clip * kHeight + h) * kStored + w) * kChannels + c);
}

struct Result {
    std::vector<float> dst;
    std::vector<int> other_labels;
    std::vector<float> shares, weights;
};

class AugmentTest : public DeviceTest {
 protected:
    static AugmentShape shape(std::int64_t width, std::int64_t batch = 4) {
        return {.clip = {1, kHeight, kStored, kChannels}, .width = width, .batch = batch};
    }
    static Result run(Context& context, const AugmentSpec& spec, const AugmentShape& shape,
                      std::uint64_t step, const BandStatistics& bands = {}, std::int32_t counted = -1,
                      std::uint64_t seed = 5) {
        const auto augment = make_augment(context, spec, shape, bands, seed);
        const std::int64_t rows = shape.batch;
        TestTensor inputs(context, {kClips, kHeight, kStored, kChannels});
        std::vector<float> values;
        for (std::int64_t i = 0; i < inputs.tensor().count(); ++i) values.push_back(static_cast<float>(i));
        inputs.assign(values);
        TestTensor indices(context, {rows}, DType::i32);
        TestTensor labels(context, {rows}, DType::i32);
        TestTensor weights(context, {rows});
        std::vector<std::int32_t> index;
        std::vector<float> weight;
        for (std::int64_t i = 0; i < rows; ++i) {
            index.push_back(static_cast<std::int32_t>((3 * i + 1) % kClips));
            weight.push_back(static_cast<float>(i + 1));
        }
        indices.assign(index);
        labels.assign(index);
        weights.assign(weight);
        TestTensor dst(context, augment->dst_shape(rows));
        TestTensor other(context, {rows}, DType::i32);
        TestTensor shares(context, {rows});
        TestTensor mixed(context, {rows});
        const TestState state(
            context, {.step = step, .rows = counted < 0 ? static_cast<std::int32_t>(rows) : counted});
        augment->train(context, state, inputs,
                       {.indices = indices,
                        .labels = labels,
                        .weights = weights,
                        .dst = dst,
                        .other_labels = other,
                        .shares = shares,
                        .mixed_weights = mixed});
        return {.dst = dst.values(),
                .other_labels = other.integers(),
                .shares = shares.values(),
                .weights = mixed.values()};
    }
    Result run(const AugmentSpec& spec, const AugmentShape& shape, std::uint64_t step) {
        return run(context(), spec, shape, step);
    }
    static std::int64_t clip_of(std::int64_t row) { return (3 * row + 1) % kClips; }
};
INSTANTIATE_FOR_DEVICES(AugmentTest);

TEST_P(AugmentTest, WithoutAnythingItGathers) {
    const Result result = run({}, shape(kStored), 1);
    std::size_t i = 0;
    for (std::int64_t row = 0; row < 4; ++row) {
        for (std::int64_t h = 0; h < kHeight; ++h) {
            for (std::int64_t w = 0; w < kStored; ++w) {
                for (std::int64_t c = 0; c < kChannels; ++c)
                    ASSERT_EQ(result.dst[i++], at(clip_of(row), h, w, c));
            }
        }
    }
    EXPECT_EQ(result.shares, std::vector<float>(4, 1));
    EXPECT_EQ(result.weights, (std::vector<float>{1, 2, 3, 4}));
}

TEST_P(AugmentTest, RollsAndCrops) {
    for (const bool roll : {true, false}) {
        std::set<std::int64_t> offsets;
        for (std::uint64_t step = 0; step < 40; ++step) {
            const std::int64_t width = 7;
            const Result result = run({.roll = roll}, shape(width), step);
            std::size_t i = 0;
            for (std::int64_t row = 0; row < 4; ++row) {
                const auto offset =
                    static_cast<std::int64_t>(result.dst[i] - at(clip_of(row), 0, 0, 0)) / kChannels;
                offsets.insert(offset);
                for (std::int64_t h = 0; h < kHeight; ++h) {
                    for (std::int64_t w = 0; w < width; ++w) {
                        for (std::int64_t c = 0; c < kChannels; ++c)
                            ASSERT_EQ(result.dst[i++], at(clip_of(row), h, (w + offset) % kStored, c));
                    }
                }
            }
        }
        // All places that there are, and no other.
        EXPECT_EQ(offsets.size(), roll ? 11U : 5U);
        EXPECT_EQ(*offsets.begin(), 0);
        EXPECT_EQ(*offsets.rbegin(), roll ? 10 : 4);
    }
}

TEST_P(AugmentTest, GainAndEqualizer) {
    double sum = 0;
    double squares = 0;
    int count = 0;
    for (std::uint64_t step = 0; step < 60; ++step) {
        const Result result = run({.gain = 8}, shape(kStored), step);
        const Result curve = run({.equalizer_points = 3, .equalizer = 8}, shape(kStored), step);
        for (std::int64_t row = 0; row < 4; ++row) {
            std::vector<float> bands;
            for (std::int64_t h = 0; h < kHeight; ++h) {
                for (std::int64_t w = 0; w < kStored; ++w) {
                    const auto i = static_cast<std::size_t>(((row * kHeight + h) * kStored + w) * kChannels);
                    const auto first = static_cast<std::size_t>(row * kHeight * kStored * kChannels);
                    const float source = at(clip_of(row), h, w, 0);
                    const float gain = result.dst[first] - at(clip_of(row), 0, 0, 0);
                    EXPECT_NEAR(result.dst[i] - source, gain, 1e-4F);
                    EXPECT_EQ(result.dst[i + 1], at(clip_of(row), h, w, 1)) << "only the first channel";
                    if (w == 0) bands.push_back(curve.dst[i] - source);
                    EXPECT_NEAR(curve.dst[i] - source, bands.back(), 1e-4F);
                    if (w == 0 && h == 0) {
                        sum += static_cast<double>(gain);
                        squares += static_cast<double>(gain * gain);
                        ++count;
                    }
                }
            }
            // Points at bands 0, 2.5 and 5, straight lines between.
            EXPECT_NEAR(bands[2] - bands[1], bands[1] - bands[0], 1e-3F);
            EXPECT_NEAR(bands[4] - bands[3], bands[5] - bands[4], 1e-3F);
        }
    }
    EXPECT_NEAR(sum / count, 0, 4 * 8 / std::sqrt(count));
    EXPECT_NEAR(std::sqrt(squares / count), 8, 1.2);
}

TEST_P(AugmentTest, Noise) {
    const AugmentShape many = shape(kStored, 64);
    const Result result = run({.noise = 0.5F}, many, 3);
    const Result next = run({.noise = 0.5F}, many, 4);
    double squares = 0;
    double product = 0;
    double sum = 0;
    for (std::size_t i = 0; i < result.dst.size(); ++i) {
        const auto row = static_cast<std::int64_t>(i) / (kHeight * kStored * kChannels);
        const auto rest = static_cast<std::int64_t>(i) % (kHeight * kStored * kChannels);
        const float source = at(clip_of(row), 0, 0, 0) + static_cast<float>(rest);
        const auto a = static_cast<double>(result.dst[i] - source);
        const auto b = static_cast<double>(next.dst[i] - source);
        sum += a;
        squares += a * a;
        product += a * b;
    }
    const auto count = static_cast<double>(result.dst.size());
    EXPECT_NEAR(sum / count, 0, 4 * 0.5 / std::sqrt(count));
    EXPECT_NEAR(squares / count, 0.25, 0.02);
    EXPECT_NEAR(product / count, 0, 0.02) << "other steps, other noise";
}

TEST_P(AugmentTest, MasksAreStripes) {
    const AugmentSpec spec{
        .frequency_masks = 1, .frequency_mask = 3, .time_masks = 2, .time_mask = 4, .mask_value = -7};
    std::set<std::size_t> widths;
    for (std::uint64_t step = 0; step < 60; ++step) {
        const Result result = run(spec, shape(kStored), step);
        for (std::int64_t row = 0; row < 4; ++row) {
            std::set<std::int64_t> bands;
            std::set<std::int64_t> frames;
            const auto hidden = [&](std::int64_t h, std::int64_t w) {
                const auto i = static_cast<std::size_t>(((row * kHeight + h) * kStored + w) * kChannels);
                const bool masked = result.dst[i] == -7;
                EXPECT_EQ(result.dst[i], masked ? -7 : at(clip_of(row), h, w, 0));
                EXPECT_EQ(result.dst[i + 1], masked ? -7 : at(clip_of(row), h, w, 1));
                return masked;
            };
            for (std::int64_t h = 0; h < kHeight; ++h) {
                bool all = true;
                for (std::int64_t w = 0; w < kStored; ++w) all = hidden(h, w) && all;
                if (all) bands.insert(h);
            }
            for (std::int64_t w = 0; w < kStored; ++w) {
                bool all = true;
                for (std::int64_t h = 0; h < kHeight; ++h) all = hidden(h, w) && all;
                if (all) frames.insert(w);
            }
            for (std::int64_t h = 0; h < kHeight; ++h) {
                for (std::int64_t w = 0; w < kStored; ++w)
                    EXPECT_EQ(hidden(h, w), bands.contains(h) || frames.contains(w));
            }
            if (!bands.empty()) {
                EXPECT_EQ(*bands.rbegin() - *bands.begin() + 1, std::ssize(bands)) << "one stripe";
            }
            EXPECT_LE(bands.size(), 3U);
            EXPECT_LE(frames.size(), 8U);
            widths.insert(bands.size());
        }
    }
    EXPECT_EQ(widths, (std::set<std::size_t>{0, 1, 2, 3}));
}

TEST_P(AugmentTest, MixesWithAPartner) {
    int mixed_batches = 0;
    for (std::uint64_t step = 0; step < 60; ++step) {
        const Result result = run({.mixup_alpha = 0.3F, .mixup_share = 0.5F}, shape(kStored), step);
        std::set<std::int64_t> distances;
        for (std::int64_t row = 0; row < 4; ++row) {
            const auto share = static_cast<double>(result.shares[static_cast<std::size_t>(row)]);
            std::int64_t partner = 0;
            while (clip_of(partner) != result.other_labels[static_cast<std::size_t>(row)]) ++partner;
            distances.insert((partner - row + 4) % 4);
            EXPECT_GE(share, 0.5);
            EXPECT_LE(share, 1);
            EXPECT_NEAR(static_cast<double>(result.weights[static_cast<std::size_t>(row)]),
                        share * static_cast<double>(row + 1) + (1 - share) * static_cast<double>(partner + 1),
                        1e-5);
            for (std::int64_t e = 0; e < kHeight * kStored * kChannels; ++e) {
                const double own = static_cast<double>(at(clip_of(row), 0, 0, 0)) + static_cast<double>(e);
                const double other =
                    static_cast<double>(at(clip_of(partner), 0, 0, 0)) + static_cast<double>(e);
                ASSERT_NEAR(
                    static_cast<double>(
                        result.dst[static_cast<std::size_t>(row * kHeight * kStored * kChannels + e)]),
                    share * own + (1 - share) * other, 1e-3);
            }
        }
        EXPECT_EQ(distances.size(), 1U) << "each row is partner of one";
        if (!distances.contains(0)) ++mixed_batches;
    }
    EXPECT_NEAR(mixed_batches, 30, 16);
}

// Shares of three distributions whose quantiles are known in closed form.
TEST(MixupShares, AreBetaQuantiles) {
    const auto check = [](double alpha, const auto& cumulative) {
        const auto shares = mixup_shares(alpha, 100);
        for (std::size_t i = 0; i < shares.size(); ++i) {
            // Of the folded distribution: P(max(l, 1 - l) <= x) = F(x) - F(1 - x).
            const auto x = static_cast<double>(shares[i]);
            EXPECT_NEAR(cumulative(x) - cumulative(1 - x), (static_cast<double>(i) + 0.5) / 100, 1e-4)
                << alpha;
        }
    };
    check(1, [](double x) { return x; });
    check(2, [](double x) { return x * x * (3 - 2 * x); });
    check(0.5, [](double x) { return 2 / std::numbers::pi * std::asin(std::sqrt(std::clamp(x, 0.0, 1.0))); });
}

TEST_P(AugmentTest, StandardisesByBand) {
    BandStatistics bands;
    for (int i = 0; i < kHeight * kChannels; ++i) {
        bands.mean.push_back(static_cast<float>(10 * i));
        bands.scale.push_back(1 / static_cast<float>(i + 1));
    }
    const Result result = run(context(), {}, shape(kStored), 0, bands);
    const auto augment = make_augment(context(), {}, shape(4), bands, 1);
    TestTensor inputs(context(), {kClips, kHeight, kStored, kChannels});
    std::vector<float> values;
    for (std::int64_t i = 0; i < inputs.tensor().count(); ++i) values.push_back(static_cast<float>(i));
    inputs.assign(values);
    TestTensor indices(context(), {2}, DType::i32);
    indices.assign(std::vector<std::int32_t>{4, 0});
    TestTensor dst(context(), {2, kHeight, 4, kChannels});
    augment->evaluate(context(), inputs, indices, 9, dst);
    const auto evaluated = dst.values();
    std::size_t i = 0;
    for (const std::int64_t clip : {4, 0}) {
        for (std::int64_t h = 0; h < kHeight; ++h) {
            for (std::int64_t w = 0; w < 4; ++w) {
                for (std::int64_t c = 0; c < kChannels; ++c) {
                    const double band = static_cast<double>(h * kChannels + c);
                    const double x = static_cast<double>(at(clip, h, (w + 9) % kStored, c));
                    ASSERT_NEAR(static_cast<double>(evaluated[i++]), (x - 10 * band) / (band + 1), 1e-3);
                }
            }
        }
    }
    EXPECT_NEAR(static_cast<double>(result.dst[3]), (static_cast<double>(at(1, 0, 1, 1)) - 10) / 2, 1e-3);
}

AugmentSpec everything() {
    return {.roll = true,
            .gain = 0.3F,
            .equalizer_points = 4,
            .equalizer = 0.2F,
            .noise = 0.1F,
            .frequency_masks = 2,
            .frequency_mask = 2,
            .time_masks = 2,
            .time_mask = 3,
            .mask_value = 0.25F,
            .mixup_alpha = 0.4F,
            .mixup_share = 1};
}

TEST_P(AugmentTest, HasTheSameBitsEverywhere) {
    Context plain({.device = Device::cpu, .threads = 1, .simd = SimdLevel::portable});
    const auto other = make_context(3);
    BandStatistics bands;
    for (int i = 0; i < kHeight * kChannels; ++i) {
        bands.mean.push_back(0.1F * static_cast<float>(i));
        bands.scale.push_back(1 / (0.3F + static_cast<float>(i)));
    }
    for (std::uint64_t step = 0; step < 10; ++step) {
        const Result expected = run(plain, everything(), shape(7, 9), step, bands, 8);
        for (Context* context : {&this->context(), other.get()}) {
            const Result result = run(*context, everything(), shape(7, 9), step, bands, 8);
            EXPECT_EQ(result.dst, expected.dst);
            EXPECT_EQ(result.shares, expected.shares);
            EXPECT_EQ(result.weights, expected.weights);
            EXPECT_EQ(result.other_labels, expected.other_labels);
        }
    }
    EXPECT_NE(run(context(), everything(), shape(7), 1).dst, run(context(), everything(), shape(7), 2).dst);
    EXPECT_NE(run(context(), everything(), shape(7), 1).dst,
              run(context(), everything(), shape(7), 1, {}, -1, 6).dst);
}

// Rows that don't count get no partner, and are nobody's.
TEST_P(AugmentTest, PaddingIsLeftAlone) {
    for (std::uint64_t step = 0; step < 20; ++step) {
        const Result result = run(context(), {.mixup_alpha = 1}, shape(kStored, 5), step, {}, 3);
        for (std::size_t row = 0; row < 5; ++row) {
            if (row >= 3) {
                EXPECT_EQ(result.shares[row], 1);
                continue;
            }
            EXPECT_NE(result.other_labels[row], clip_of(3));
            EXPECT_NE(result.other_labels[row], clip_of(4));
        }
        EXPECT_EQ(run(context(), {.mixup_alpha = 1}, shape(kStored, 5), step, {}, 1).shares,
                  std::vector<float>(5, 1));
    }
}

TEST_P(AugmentTest, WhatDoesNotFit) {
    const auto make = [&](const AugmentSpec& spec, std::int64_t width) {
        make_augment(context(), spec, shape(width), {}, 1);
    };
    EXPECT_THROW(make({}, kStored + 1), InvalidArgument);
    EXPECT_THROW(make({}, 0), InvalidArgument);
    EXPECT_THROW(make({.frequency_masks = 1, .frequency_mask = 7}, 4), InvalidArgument);
    EXPECT_THROW(make({.time_masks = 1, .time_mask = 5}, 4), InvalidArgument);
    EXPECT_THROW(make({.time_masks = kMostMasks + 1, .time_mask = 1}, 4), InvalidArgument);
    EXPECT_THROW(make({.gain = -1}, 4), InvalidArgument);
    EXPECT_THROW(make({.noise = NAN}, 4), InvalidArgument);
    EXPECT_THROW(make({.equalizer_points = 1}, 4), InvalidArgument);
    EXPECT_THROW(make({.mixup_share = 1.5F}, 4), InvalidArgument);
    EXPECT_THROW(make_augment(context(), {}, shape(4), {.mean = {1}, .scale = {1}}, 1), InvalidArgument);
}

}  // namespace
}  // namespace kickdrum
