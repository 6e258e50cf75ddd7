// SPDX-License-Identifier: MIT
// Counter-based random numbers: Philox4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as
// 1, 2, 3", SC 2011). A number is a pure function of (stream, position), so every device, thread count and order of
// evaluation gives the same ones. Streams are named by purpose: drawing more from one never shifts another.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#if defined(__CUDACC__)
#define KICKDRUM_HOST_DEVICE __host__ __device__
#else
#define KICKDRUM_HOST_DEVICE
#endif

namespace kickdrum {

using Philox4 = std::array<std::uint32_t, 4>;

struct RandomStream {
    std::uint32_t key0 = 0;
    std::uint32_t key1 = 0;
};

// The stream of `purpose` ("dropout/3", "shuffle", "init/conv2d_1/kernel") under `seed`.
constexpr RandomStream random_stream(std::uint64_t seed, std::string_view purpose) {
    std::uint64_t hash = 14695981039346656037ULL;  // FNV-1a, 64 bits
    for (const char c : purpose) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
    std::uint64_t z = seed + 0x9e3779b97f4a7c15ULL * (hash | 1U);  // then the SplitMix64 finaliser
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebULL;
    z = (z ^ (z >> 31U)) ^ hash;
    return {static_cast<std::uint32_t>(z), static_cast<std::uint32_t>(z >> 32U)};
}

// A seed for the `index`-th run of a study: unrelated to its neighbours and to the study's own seed.
constexpr std::uint64_t derived_seed(std::uint64_t seed, std::string_view purpose, std::uint64_t index) {
    const RandomStream stream = random_stream(seed + index * 0xd1342543de82ef95ULL, purpose);
    return (std::uint64_t{stream.key1} << 32U) | stream.key0;
}

// Four independent 32-bit numbers for one position of a stream.
KICKDRUM_HOST_DEVICE constexpr Philox4 philox(RandomStream stream, std::uint64_t position,
                                              std::uint64_t step = 0) {
    Philox4 c = {static_cast<std::uint32_t>(position), static_cast<std::uint32_t>(position >> 32U),
                 static_cast<std::uint32_t>(step), static_cast<std::uint32_t>(step >> 32U)};
    std::uint32_t k0 = stream.key0;
    std::uint32_t k1 = stream.key1;
    for (int round = 0; round < 10; ++round) {
        const std::uint64_t p0 = std::uint64_t{0xD2511F53U} * c[0];
        const std::uint64_t p1 = std::uint64_t{0xCD9E8D57U} * c[2];
        c = {static_cast<std::uint32_t>(p1 >> 32U) ^ c[1] ^ k0, static_cast<std::uint32_t>(p1),
             static_cast<std::uint32_t>(p0 >> 32U) ^ c[3] ^ k1, static_cast<std::uint32_t>(p0)};
        k0 += 0x9E3779B9U;
        k1 += 0xBB67AE85U;
    }
    return c;
}

// [0, 1) in steps of 2^-24, exact in float.
KICKDRUM_HOST_DEVICE constexpr float uniform01(std::uint32_t bits) {
    return static_cast<float>(bits >> 8U) * 0x1p-24F;
}

// A uniform integer in [0, bound) from 32 random bits, bound < 2^32: the high half of the product (Lemire's method
// without its rejection step; the bias is below bound / 2^32).
KICKDRUM_HOST_DEVICE constexpr std::uint32_t uniform_below(std::uint32_t bits, std::uint32_t bound) {
    return static_cast<std::uint32_t>((std::uint64_t{bits} * bound) >> 32U);
}

}  // namespace kickdrum
