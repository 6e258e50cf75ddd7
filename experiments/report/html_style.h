// SPDX-License-Identifier: MIT
// The page's style sheet: light and dark, phone to desk, paper.
#pragma once

#include <string_view>

namespace kickdrum::html {

std::string_view style_sheet();

}  // namespace kickdrum::html
