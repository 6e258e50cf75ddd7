// SPDX-License-Identifier: MIT
#include "experiments/data/clip_time.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace kickdrum {
namespace {

constexpr double kLongest = 1e7;  // seconds, 115 days

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

std::optional<double> number(std::string_view text, bool with_decimals) {
    // Neither signs nor exponents: from_chars would take them.
    const auto allowed = [&](char c) { return is_digit(c) || (with_decimals && c == '.'); };
    if (text.empty() || text.front() == '.' || text.back() == '.' || !std::ranges::all_of(text, allowed))
        return std::nullopt;
    double value = 0;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
    if (error != std::errc() || end != text.data() + text.size() || value > kLongest) return std::nullopt;
    return value;
}

}  // namespace

std::optional<double> parse_clip_time(std::string_view text) {
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
    double seconds = 0;
    for (int part = 0; part < 3; ++part) {
        const auto colon = text.find(':');
        const bool is_last = colon == std::string_view::npos;
        const std::string_view digits = text.substr(0, colon);
        const auto value = number(digits, is_last);
        if (!value) return std::nullopt;
        // After a colon stand two digits, less than 60.
        if (part > 0 && (*value >= 60 || digits.substr(0, digits.find('.')).size() != 2)) return std::nullopt;
        seconds = seconds * 60 + *value;
        if (is_last) return seconds;
        text.remove_prefix(colon + 1);
    }
    return std::nullopt;
}

std::string clip_time_text(double seconds) {
    const double rounded = std::round(seconds * 1000) / 1000;
    const auto minutes = static_cast<long>(rounded / 60);
    const double rest = rounded - 60.0 * static_cast<double>(minutes);
    std::string text = fmt::format("{:06.3f}", rest);
    while (text.back() == '0') text.pop_back();
    if (text.back() == '.') text.pop_back();
    return fmt::format("{}:{}", minutes, text);
}

}  // namespace kickdrum
