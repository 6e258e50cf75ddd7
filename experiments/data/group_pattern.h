// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <regex>
#include <string>

namespace kickdrum {

// Why this can't be a pattern for groups: no regular expression (ECMAScript's), or none with a group in
// parentheses. Empty: it can.
std::string reason_against_pattern(const std::string& pattern);

// The track of a clip by its file's name without extension: "track01" of "track01_3" by "(.*)_[0-9]+".
class GroupPattern {
 public:
    // Throws std::regex_error for what reason_against_pattern refuses.
    explicit GroupPattern(const std::string& pattern) : regex_(pattern) {}

    // What the first group matches; nothing where the whole name doesn't match.
    std::optional<std::string> group_of(const std::string& name) const;

 private:
    std::regex regex_;
};

}  // namespace kickdrum
