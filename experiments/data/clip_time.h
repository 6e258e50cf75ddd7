// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace kickdrum {

// Seconds from "m:ss", "h:mm:ss" (the last part may have decimals: "1:02.5") or plain seconds ("62.5");
// spaces around don't count. Nothing for anything else, such as minutes or seconds of 60 and more after a
// colon.
std::optional<double> parse_clip_time(std::string_view text);

// "1:02.5"
std::string clip_time_text(double seconds);

}  // namespace kickdrum
