// SPDX-License-Identifier: MIT
// Scores on a line: the second half of svg_plot.h.
#include "experiments/report/svg_plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "experiments/report/html_text.h"
#include "experiments/report/svg_marks.h"

namespace kickdrum {
namespace {

struct Scale {
    double low = 0, high = 1, left = 6, right = 6;
    double x(double value) const {
        return left + (value - low) / (high - low) * (svg::kWidth - left - right);
    }
};

Scale common_scale(const std::vector<ScoreLine>& lines) {
    std::vector<double> values;
    for (const auto& line : lines) {
        values.insert(values.end(), line.values.begin(), line.values.end());
        if (line.ci95) values.insert(values.end(), {line.ci95->low, line.ci95->high});
        if (line.test_set) values.insert(values.end(), {line.test_set->low, line.test_set->high});
        if (line.published) values.push_back(*line.published);
    }
    Scale scale{.low = quantile(values, 0), .high = quantile(values, 1)};
    // Never so near that noise in the third decimal looks like a difference.
    const double margin = std::max(0.06 * (scale.high - scale.low), 0.01);
    scale.low -= margin;
    scale.high += margin;
    return scale;
}

std::string interval_bar(const Scale& scale, const Interval& interval, double y, double height,
                         std::string_view css_class, std::string_view name) {
    return fmt::format(
        "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" rx=\"{:.1f}\" "
        "class=\"{}\"><title>{} {:.3f} to "
        "{:.3f}</title></rect>\n",
        scale.x(interval.low), y - height / 2, std::max(scale.x(interval.high) - scale.x(interval.low), 1.0),
        height, std::min(height / 2, 3.0), css_class, name, interval.low, interval.high);
}

std::string score_line(const ScoreLine& line, const Scale& scale, double y) {
    std::string marks = svg::text(0, y - 18, "start", "name", line.title);
    marks += svg::text(svg::kWidth, y - 18, "end", "name value", html::score(line.mean));
    marks += svg::rule(0, y, svg::kWidth, y, "grid");
    if (line.test_set) {
        marks += interval_bar(scale, *line.test_set, y, 18, "wide",
                              "95 % by drawing other groups into the test part:");
    }
    if (line.ci95) marks += interval_bar(scale, *line.ci95, y, 8, "narrow", "95 % interval of the mean:");
    for (std::size_t i = 0; i < line.values.size(); ++i) {
        marks += fmt::format(
            "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4\" class=\"dot\"><title>run {}: "
            "{:.3f}</title></circle>\n",
            scale.x(line.values[i]), y, line.run_numbers.at(i), line.values[i]);
    }
    marks += svg::rule(scale.x(line.mean), y - 12, scale.x(line.mean), y + 12, "mean");
    if (line.published) {
        const double x = scale.x(*line.published);
        marks += fmt::format(
            "<path d=\"M{:.1f} {:.1f}l5 -5l5 5l-5 5z\" class=\"published\"><title>published: "
            "{:.3f}</title></path>\n",
            x - 5, y + 19, *line.published);
        const bool at_the_right = x > svg::kWidth * 0.62;
        marks += svg::text(x + (at_the_right ? -9 : 9), y + 23, at_the_right ? "end" : "start", "tick halo",
                           "published " + html::score(*line.published));
    }
    return marks;
}

}  // namespace

std::string to_svg(const std::vector<ScoreLine>& lines, const std::string& finding) {
    constexpr double kRow = 66;
    const double height = kRow * static_cast<double>(lines.size()) + 22;
    const Scale scale = common_scale(lines);
    std::string marks = svg::open(svg::kWidth, height, finding, "chart scores");
    const auto ticks = svg::nice_ticks(scale.low, scale.high, 5);
    for (const double tick : ticks) {
        marks += svg::rule(scale.x(tick), 22, scale.x(tick), height - 18, "grid");
        marks += svg::text(scale.x(tick), height - 4, "middle", "tick",
                           fmt::format("{:.{}f}", tick, svg::tick_decimals(ticks)));
    }
    for (std::size_t i = 0; i < lines.size(); ++i) {
        marks += score_line(lines[i], scale, kRow * static_cast<double>(i) + 36);
    }
    return marks + "</svg>\n";
}

std::string to_svg(const DotStrip& strip) {
    constexpr double kStripWidth = 256;
    constexpr double kMiddle = 10;
    const auto x = [](double value) { return 6 + value * (kStripWidth - 12); };
    std::string marks = svg::open(kStripWidth, 2 * kMiddle, strip.finding, "strip");
    marks += svg::rule(x(0), kMiddle, x(1), kMiddle, "grid");
    for (const double tick : {0.0, 0.5, 1.0})
        marks += svg::rule(x(tick), kMiddle - 6, x(tick), kMiddle + 6, "grid");
    if (strip.ci95) {
        marks += svg::rule(x(std::max(strip.ci95->low, 0.0)), kMiddle, x(std::min(strip.ci95->high, 1.0)),
                           kMiddle, "whisker");
    }
    for (const double value : strip.values) {
        marks += fmt::format(
            "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"2\" class=\"small\"><title>{:.3f}</title></circle>\n",
            x(value), kMiddle, value);
    }
    return marks +
           fmt::format(
               "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4.5\" class=\"big\" style=\"fill:{}\"><title>mean "
               "{:.3f}</title></circle></svg>\n",
               x(strip.mean), kMiddle, strip.color, strip.mean);
}

}  // namespace kickdrum
