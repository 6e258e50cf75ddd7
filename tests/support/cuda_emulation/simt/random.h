// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace kickdrum::emulation {

// SplitMix64: small, fast, and good enough to pick what runs next.
class Random {
 public:
    explicit Random(std::uint64_t seed = 1) : state_(seed) {}

    std::uint64_t next() {
        state_ += 0x9e3779b97f4a7c15ULL;
        std::uint64_t z = state_;
        z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9ULL;
        z = (z ^ (z >> 27U)) * 0x94d049bb133111ebULL;
        return z ^ (z >> 31U);
    }
    // In [0, bound), bound <= 2^32.
    std::uint64_t below(std::uint64_t bound) { return ((next() >> 32U) * bound) >> 32U; }

 private:
    std::uint64_t state_;
};

}  // namespace kickdrum::emulation
