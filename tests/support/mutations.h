// SPDX-License-Identifier: MIT
// Random damage to bytes, for tests that feed a parser what nobody would write: a function of (seed, number).
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/device/philox.h"

namespace kickdrum {

class Mutations {
 public:
    Mutations(std::uint64_t seed, std::uint64_t number)
        : stream_(random_stream(seed, "mutations")), number_(number) {}

    std::size_t below(std::size_t bound) {
        return bound == 0 ? 0
                          : uniform_below(philox(stream_, position_++, number_)[0],
                                          static_cast<std::uint32_t>(bound));
    }

    // One to eight changes of one of the seeds.
    std::string damaged(const std::vector<std::string>& seeds,
                        const std::vector<std::string_view>& words = {}) {
        std::string bytes = seeds[below(seeds.size())];
        const std::size_t changes = 1 + below(8);
        for (std::size_t i = 0; i < changes; ++i) change(bytes, seeds, words);
        return bytes;
    }

 private:
    // Headers are where the trouble is.
    std::size_t place(const std::string& bytes) {
        const std::size_t end = bytes.size() + 1;
        return below(below(2) == 0 ? std::min<std::size_t>(end, 128) : end);
    }

    void change(std::string& bytes, const std::vector<std::string>& seeds,
                const std::vector<std::string_view>& words) {
        const std::size_t at = place(bytes);
        const std::size_t count = std::min(bytes.size() - at, 1 + below(1U << below(12)));
        switch (below(words.empty() ? 7 : 8)) {
            case 0:
                if (at < bytes.size()) bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(8)));
                break;
            case 1:
                for (std::size_t i = 0; i < std::min<std::size_t>(count, 8); ++i)
                    bytes[at + i] = static_cast<char>(below(256));
                break;
            case 2: {
                constexpr std::array<std::uint32_t, 8> kNumbers{0,          1,          0x7F,       0xFFFF,
                                                                0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x10000};
                const std::uint32_t number = kNumbers[below(kNumbers.size())];
                const bool big_endian = below(2) == 0;
                for (std::size_t i = 0; i < 4 && at + i < bytes.size(); ++i)
                    bytes[at + i] = static_cast<char>(number >> 8 * (big_endian ? 3 - i : i) & 0xFF);
                break;
            }
            case 3: bytes.resize(at); break;
            case 4: bytes.erase(at, count); break;
            case 5: bytes.insert(at, bytes.substr(at, count)); break;
            case 6: {
                const std::string& other = seeds[below(seeds.size())];
                const std::size_t from = place(other);
                bytes = bytes.substr(0, at) + other.substr(from);
                break;
            }
            default: bytes.insert(at, words[below(words.size())]); break;
        }
    }

    RandomStream stream_;
    std::uint64_t number_;
    std::uint64_t position_ = 0;
};

// Calls `body` with 0, 1, ... `count - 1`, or, where KICKDRUM_FUZZ_SECONDS says so, for that long.
template <class Body>
void fuzz(std::uint64_t count, const Body& body) {
    const char* text = std::getenv("KICKDRUM_FUZZ_SECONDS");
    const double seconds = text == nullptr ? 0 : std::atof(text);
    const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
    for (std::uint64_t i = 0; i < count || std::chrono::steady_clock::now() < end; ++i) body(i);
}

}  // namespace kickdrum
