// SPDX-License-Identifier: MIT
#include "experiments/config/fields.h"

#include <fmt/format.h>

#include <cmath>
#include <string>

namespace kickdrum {

std::string to_string(const IntegerRange& range) {
    if (range.high == std::numeric_limits<std::int64_t>::max()) {
        return fmt::format("a whole number of at least {}", range.low);
    }
    if (range.low == range.high) return fmt::format("{}", range.low);
    return fmt::format("a whole number from {} to {}", range.low, range.high);
}

bool NumberRange::contains(double value) const {
    const bool above = without_low ? value > low : value >= low;
    const bool below = without_high ? value < high : value <= high;
    return std::isfinite(value) && above && below;
}

std::string to_string(const NumberRange& range) {
    std::string text = "a number";
    const bool has_low = std::isfinite(range.low);
    if (has_low) text += fmt::format(" {} {:g}", range.without_low ? "above" : "of at least", range.low);
    if (std::isfinite(range.high)) {
        text += fmt::format("{} {} {:g}", has_low ? " and" : "", range.without_high ? "below" : "at most",
                            range.high);
    }
    return text;
}

double shortest(float value) {
    return std::stod(fmt::format("{}", value));
}

}  // namespace kickdrum
