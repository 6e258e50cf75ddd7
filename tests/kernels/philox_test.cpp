// SPDX-License-Identifier: MIT
#include "kernels/device/philox.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace kickdrum {
namespace {

// The known answers that Random123's authors publish for philox4x32-10.
TEST(Philox, KnownAnswers) {
    EXPECT_EQ(philox({0, 0}, 0, 0), (Philox4{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
    constexpr std::uint64_t kOnes = ~std::uint64_t{0};
    EXPECT_EQ(philox({0xffffffff, 0xffffffff}, kOnes, kOnes),
              (Philox4{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
}

TEST(Philox, StreamsDifferByPurposeAndSeed) {
    std::set<std::pair<std::uint32_t, std::uint32_t>> keys;
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
        for (const std::string purpose : {"shuffle", "dropout/1", "dropout/2", "init/conv2d_1/kernel", ""}) {
            const RandomStream stream = random_stream(seed, purpose);
            keys.insert({stream.key0, stream.key1});
        }
    }
    EXPECT_EQ(keys.size(), 500U);
}

TEST(Philox, DerivedSeedsDiffer) {
    std::set<std::uint64_t> seeds;
    for (std::uint64_t seed = 40; seed < 60; ++seed) {
        for (std::uint64_t run = 1; run <= 20; ++run) seeds.insert(derived_seed(seed, "run", run));
    }
    EXPECT_EQ(seeds.size(), 400U);
}

TEST(Philox, UniformCoversItsRange) {
    EXPECT_EQ(uniform01(0), 0.0F);
    EXPECT_LT(uniform01(0xffffffff), 1.0F);
    EXPECT_EQ(uniform_below(0xffffffff, 10), 9U);
    EXPECT_EQ(uniform_below(0, 10), 0U);
    const RandomStream stream = random_stream(1, "mean");
    double sum = 0;
    double square = 0;
    constexpr int kDraws = 100000;
    for (int i = 0; i < kDraws; ++i) {
        const auto u = static_cast<double>(uniform01(philox(stream, static_cast<std::uint64_t>(i))[0]));
        sum += u;
        square += u * u;
    }
    // Five standard errors.
    EXPECT_NEAR(sum / kDraws, 0.5, 5 * 0.2887 / 316.2);
    EXPECT_NEAR(square / kDraws, 1.0 / 3, 5 * 0.2981 / 316.2);
}

}  // namespace
}  // namespace kickdrum
