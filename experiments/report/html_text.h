// SPDX-License-Identifier: MIT
// Small words of HTML: escaping, numbers, class names with their colour. Text that comes from files is
// escaped here or by its caller, always.
#pragma once

#include <string>
#include <string_view>

namespace kickdrum::html {

// For text and for attribute values in double quotes.
std::string escaped(std::string_view text);

// "0.786"; a dash for what isn't finite.
std::string score(double value);
std::string signed_score(double value);
std::string decimals(double value, int digits);
std::string percent(double share);  // 0.724 -> "72"
// "1 run", "5 runs"
std::string counted(std::int64_t count, std::string_view noun);

// A class's name behind a square of its colour.
std::string class_name(std::string_view name, int index);
// The CSS variable of a class's colour: Okabe and Ito's order, from the start again after the eighth.
std::string class_color(int index);

// A part of the page that is folded; `summary` and `content` are markup.
std::string folded(std::string_view summary, std::string_view content);
// A table that scrolls inside its own box; `rows` is markup from thead on.
std::string table(std::string_view caption, std::string_view rows, std::string_view css_class = "");

}  // namespace kickdrum::html
