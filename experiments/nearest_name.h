// SPDX-License-Identifier: MIT
// What a user probably meant, for messages about names that don't exist.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kickdrum {

// The most similar of `names`: by letters changed, left out, added or swapped, without regard to case, '_'
// and '-'. Beginnings ("kernel_size" for "kernel") and initials ("lr" for "learning_rate") count too. None if
// nothing is close.
std::optional<std::string> nearest_name(std::string_view name, const std::vector<std::string>& names);

// " (did you mean 'dropout'?)", or nothing.
std::string did_you_mean(std::string_view name, const std::vector<std::string>& names);

}  // namespace kickdrum
