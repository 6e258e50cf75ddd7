// SPDX-License-Identifier: MIT
#include "experiments/nearest_name.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace kickdrum {
namespace {

std::string letters(std::string_view name) {
    std::string text;
    for (const char c : name) {
        if (c == '_' || c == '-' || c == ' ') continue;
        text += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
    return text;
}

std::string initials(std::string_view name) {
    std::string text;
    for (std::size_t i = 0; i < name.size(); ++i) {
        if (i == 0 || name[i - 1] == '_' || name[i - 1] == '-') text += name[i];
    }
    return letters(text);
}

// Optimal string alignment: Levenshtein's distance, where two neighbours that changed places count once.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before_last(b.size() + 1);
    std::vector<std::size_t> last(b.size() + 1);
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + change});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                row[j] = std::min(row[j], before_last[j - 2] + 1);
            }
        }
        before_last.swap(last);
        last.swap(row);
    }
    return last[b.size()];
}

bool one_begins_or_ends_with_the_other(std::string_view a, std::string_view b) {
    const auto& [shorter, longer] = std::minmax(a, b, [](auto x, auto y) { return x.size() < y.size(); });
    return shorter.size() >= 3 && (longer.starts_with(shorter) || longer.ends_with(shorter));
}

}  // namespace

std::optional<std::string> nearest_name(std::string_view name, const std::vector<std::string>& names) {
    constexpr std::size_t kLongestName = 100;  // beyond it nobody mistyped a name
    const std::string wanted = letters(name);
    if (wanted.empty() || wanted.size() > kLongestName) return std::nullopt;
    std::optional<std::string> best;
    std::size_t best_distance = std::string::npos;
    for (const auto& candidate : names) {
        const std::string known = letters(candidate);
        std::size_t d = distance(wanted, known);
        if (d > (std::max(wanted.size(), known.size()) + 2) / 4) {
            const bool likely = one_begins_or_ends_with_the_other(wanted, known) ||
                                (wanted.size() >= 2 && wanted == initials(candidate));
            if (!likely) continue;
        }
        if (d < best_distance) {
            best = candidate;
            best_distance = d;
        }
    }
    return best;
}

std::string did_you_mean(std::string_view name, const std::vector<std::string>& names) {
    const auto nearest = nearest_name(name, names);
    return nearest ? fmt::format(" (did you mean '{}'?)", *nearest) : "";
}

}  // namespace kickdrum
