// SPDX-License-Identifier: MIT
// Which numbers a key of the experiment file may hold.
#pragma once

#include <cstdint>
#include <limits>
#include <string>

namespace kickdrum {

struct IntegerRange {
    std::int64_t low = 0;
    std::int64_t high = std::numeric_limits<std::int64_t>::max();
};
std::string to_string(const IntegerRange& range);  // "a whole number from 1 to 8"

struct NumberRange {
    double low = -std::numeric_limits<double>::infinity();
    double high = std::numeric_limits<double>::infinity();
    bool without_low = false;  // low itself is outside
    bool without_high = false;
    bool contains(double value) const;
};
std::string to_string(const NumberRange& range);  // "a number of at least 0 and below 1"

// 0.1F as 0.1, not as 0.10000000149: what was written before it became a float.
double shortest(float value);

}  // namespace kickdrum
