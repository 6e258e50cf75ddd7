// SPDX-License-Identifier: MIT
// The pieces that every chart is made of.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kickdrum::svg {

// Units of a chart's width: the same for all, so that their text has the same size wherever they stand.
inline constexpr double kWidth = 360;

// The opening tag; `finding` says in words what the chart shows.
std::string open(double width, double height, std::string_view finding, std::string_view css_class);
std::string text(double x, double y, std::string_view anchor, std::string_view css_class,
                 std::string_view content);
std::string rule(double x1, double y1, double x2, double y2, std::string_view css_class);

// Round numbers that divide [low, high] into about `count` steps (1, 2 or 5 times a power of ten), all
// inside.
std::vector<double> nice_ticks(double low, double high, int count);
// As many decimals as the steps between ticks need.
int tick_decimals(const std::vector<double>& ticks);

}  // namespace kickdrum::svg
