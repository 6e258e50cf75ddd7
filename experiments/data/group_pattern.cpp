// SPDX-License-Identifier: MIT
#include "experiments/data/group_pattern.h"

#include <fmt/format.h>

namespace kickdrum {

std::string reason_against_pattern(const std::string& pattern) {
    try {
        const std::regex regex(pattern);
        if (regex.mark_count() == 0)
            return fmt::format("is '{}': put the part that names the track into parentheses", pattern);
    } catch (const std::regex_error&) {
        return fmt::format("is '{}', which is no regular expression; for 'track01_3.wav': (.*)_[0-9]+",
                           pattern);
    }
    return "";
}

std::optional<std::string> GroupPattern::group_of(const std::string& name) const {
    std::smatch match;
    // The recursion of std::regex goes as deep as the name is long.
    if (name.size() > 4096 || !std::regex_match(name, match, regex_) || match[1].length() == 0)
        return std::nullopt;
    return match[1].str();
}

}  // namespace kickdrum
