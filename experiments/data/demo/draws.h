// SPDX-License-Identifier: MIT
// Random draws one after the other from one named stream: "track/7", "clip/7/2".
#pragma once

#include <cstdint>
#include <string_view>

#include "kernels/device/philox.h"

namespace kickdrum::demo {

class Draws {
 public:
    Draws(std::uint64_t seed, std::string_view purpose) : stream_(random_stream(seed, purpose)) {}

    double uniform() { return static_cast<double>(uniform01(bits())); }  // [0, 1)
    double between(double low, double high) { return low + (high - low) * uniform(); }
    int below(int bound) {
        return static_cast<int>(uniform_below(bits(), static_cast<std::uint32_t>(bound)));
    }
    bool chance(double probability) { return uniform() < probability; }
    double noise() { return 2 * uniform() - 1; }  // white, [-1, 1)

 private:
    std::uint32_t bits() {
        if (drawn_ % 4 == 0) four_ = philox(stream_, drawn_ / 4);
        return four_[drawn_++ % 4];
    }

    RandomStream stream_;
    Philox4 four_{};
    std::uint64_t drawn_ = 0;
};

}  // namespace kickdrum::demo
