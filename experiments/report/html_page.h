// SPDX-License-Identifier: MIT
// The frame of every report: head, style, navigation, sections, foot.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kickdrum::html {

struct Section {
    std::string_view id;
    std::string_view name;
    std::string markup;  // empty: left out
};

struct PageFrame {
    std::string title;
    std::string_view eyebrow = "Kickdrum report";
    bool reload = false;    // while something still runs
    std::string made_by{};  // behind "Kickdrum "
};

std::string whole_page(const PageFrame& frame, const std::string& headline,
                       const std::vector<Section>& sections);

}  // namespace kickdrum::html
