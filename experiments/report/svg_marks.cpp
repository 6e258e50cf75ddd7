// SPDX-License-Identifier: MIT
#include "experiments/report/svg_marks.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "experiments/report/html_text.h"

namespace kickdrum::svg {

std::string open(double width, double height, std::string_view finding, std::string_view css_class) {
    return fmt::format("<svg class=\"{}\" viewBox=\"0 0 {:.0f} {:.0f}\" role=\"img\" aria-label=\"{}\">\n",
                       css_class, width, height, html::escaped(finding));
}

std::string text(double x, double y, std::string_view anchor, std::string_view css_class,
                 std::string_view content) {
    return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\" class=\"{}\">{}</text>\n", x, y,
                       anchor, css_class, html::escaped(content));
}

std::string rule(double x1, double y1, double x2, double y2, std::string_view css_class) {
    return fmt::format("<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" class=\"{}\"/>\n", x1,
                       y1, x2, y2, css_class);
}

int tick_decimals(const std::vector<double>& ticks) {
    if (ticks.size() < 2) return 2;
    const double step = ticks[1] - ticks[0];
    return std::clamp(static_cast<int>(std::ceil(-std::log10(step) - 1e-9)), 0, 6);
}

std::vector<double> nice_ticks(double low, double high, int count) {
    if (!(high > low) || !std::isfinite(low) || !std::isfinite(high)) return {low};
    const double raw = (high - low) / std::max(count, 1);
    const double power = std::pow(10.0, std::floor(std::log10(raw)));
    double step = 10 * power;
    for (const double factor : {1.0, 2.0, 5.0}) {
        if (factor * power >= raw * (1 - 1e-9)) {
            step = factor * power;
            break;
        }
    }
    std::vector<double> ticks;
    for (double i = std::ceil(low / step - 1e-9); i * step <= high + step * 1e-9; ++i)
        ticks.push_back(i * step);
    return ticks;
}

}  // namespace kickdrum::svg
