// SPDX-License-Identifier: MIT
#include "experiments/report/svg_plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "experiments/report/html_text.h"

namespace kickdrum {
namespace {

constexpr double kWidth = 360;

std::string open_svg(double width, double height, const std::string& finding, std::string_view css_class) {
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

// As many decimals as the steps between ticks need.
int tick_decimals(const std::vector<double>& ticks) {
    if (ticks.size() < 2) return 2;
    const double step = ticks[1] - ticks[0];
    return std::clamp(static_cast<int>(std::ceil(-std::log10(step) - 1e-9)), 0, 6);
}

// Where values and epochs lie in the chart.
struct Frame {
    double left = 34, right = 44, top = 12, bottom = 34, height = 220;
    double low = 0, high = 1;
    int last_epoch = 1;

    double x(double epoch) const {
        const double share = last_epoch > 1 ? (epoch - 1) / (last_epoch - 1) : 0.5;
        return left + share * (kWidth - left - right);
    }
    double y(double value) const {
        // What lies beyond the scale ends at its edge.
        const double share = std::clamp((value - low) / (high - low), 0.0, 1.0);
        return height - bottom - share * (height - top - bottom);
    }
};

// A polyline, broken where a value isn't finite.
std::string polyline(const Frame& frame, const std::vector<double>& values, const std::string& css_class,
                     const std::string& title) {
    std::string path;
    bool pen_down = false;
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (!std::isfinite(values[i])) {
            pen_down = false;
            continue;
        }
        path += fmt::format("{}{:.1f} {:.1f}", pen_down ? "L" : "M", frame.x(static_cast<double>(i) + 1),
                            frame.y(values[i]));
        pen_down = true;
    }
    if (path.empty()) return {};
    return fmt::format("<path d=\"{}\" class=\"{}\"><title>{}</title></path>\n", path, css_class,
                       html::escaped(title));
}

std::string axes(const Frame& frame) {
    std::string svg;
    const auto y_ticks = nice_ticks(frame.low, frame.high, 4);
    for (const double tick : y_ticks) {
        svg += rule(frame.left, frame.y(tick), kWidth - frame.right, frame.y(tick), "grid");
        svg += text(frame.left - 6, frame.y(tick) + 4, "end", "tick",
                    fmt::format("{:.{}f}", tick, tick_decimals(y_ticks)));
    }
    const double base = frame.height - frame.bottom;
    svg += rule(frame.left, base, kWidth - frame.right, base, "axis");
    auto epochs = nice_ticks(1, frame.last_epoch, 5);
    if (epochs.front() > 2) epochs.insert(epochs.begin(), 1);
    for (const double tick : epochs) {
        if (tick != std::floor(tick)) continue;
        svg += text(frame.x(tick), base + 22, "middle", "tick", fmt::format("{:.0f}", tick));
    }
    svg += text(kWidth - frame.right + 6, base + 22, "start", "tick", "epoch");
    return svg;
}

// Small triangles on the axis.
std::string best_epoch_marks(const LineChart& chart, const Frame& frame) {
    std::string svg;
    const double base = frame.height - frame.bottom;
    for (std::size_t i = 0; i < chart.best_epochs.size(); ++i) {
        if (chart.best_epochs[i] < 1) continue;
        const double x = frame.x(chart.best_epochs[i]);
        svg += fmt::format(
            "<path d=\"M{:.1f} {:.1f}l-3.5 7h7z\" class=\"best\"><title>run {}: best epoch "
            "{}</title></path>\n",
            x, base + 2, chart.run_numbers.at(i), chart.best_epochs[i]);
    }
    return svg;
}

std::string family_lines(const LineChart& chart, const CurveFamily& family, const Frame& frame) {
    std::string svg;
    const bool single = family.runs.size() == 1;
    for (std::size_t i = 0; i < family.runs.size() && !single; ++i) {
        const auto& values = family.runs[i];
        if (values.empty()) continue;
        svg += polyline(frame, values, "run " + family.css_class,
                        fmt::format("run {}, {} {}", chart.run_numbers.at(i), family.label, chart.title));
        if (!std::isfinite(values.back())) continue;
        svg += fmt::format(
            "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"2\" class=\"end {}\"><title>run {} ends after epoch "
            "{}: {:.3f}</title></circle>\n",
            frame.x(static_cast<double>(values.size())), frame.y(values.back()), family.css_class,
            chart.run_numbers.at(i), values.size(), values.back());
    }
    svg += polyline(frame, median_curve(family.runs), "median " + family.css_class,
                    fmt::format("{}{} {}", single ? "" : "median, ", family.label, chart.title));
    return svg;
}

// Names at the right, at the height where the bold lines end, moved apart where they would touch.
std::string end_labels(const LineChart& chart, const Frame& frame) {
    struct Label {
        double y;
        const CurveFamily* family;
    };
    std::vector<Label> labels;
    for (const auto& family : chart.families) {
        const auto median = median_curve(family.runs);
        if (median.empty() || !std::isfinite(median.back())) continue;
        labels.push_back({frame.y(median.back()) + 4, &family});
    }
    std::sort(labels.begin(), labels.end(), [](const Label& a, const Label& b) { return a.y < b.y; });
    for (std::size_t i = 1; i < labels.size(); ++i) labels[i].y = std::max(labels[i].y, labels[i - 1].y + 13);
    std::string svg;
    for (const auto& label : labels) {
        svg += text(kWidth - frame.right + 6, label.y, "start", "label " + label.family->css_class,
                    label.family->label);
    }
    return svg;
}

}  // namespace

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

std::vector<double> median_curve(const std::vector<std::vector<double>>& runs) {
    std::vector<double> curve;
    for (std::size_t epoch = 0;; ++epoch) {
        std::vector<double> values;
        for (const auto& run : runs) {
            if (epoch < run.size()) values.push_back(run[epoch]);
        }
        if (values.empty() || 2 * values.size() < runs.size()) return curve;
        const bool finite =
            std::all_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); });
        curve.push_back(finite ? median(values) : std::numeric_limits<double>::quiet_NaN());
    }
}

Interval value_range(const std::vector<CurveFamily>& families) {
    std::vector<double> values;
    for (const auto& family : families) {
        for (const auto& run : family.runs) {
            std::copy_if(run.begin(), run.end(), std::back_inserter(values),
                         [](double v) { return std::isfinite(v); });
        }
    }
    if (values.empty()) return {0, 1};
    Interval range{quantile(values, 0), quantile(values, 1)};
    const double usual = quantile(values, 0.97);
    if (range.high - range.low > 2.5 * (usual - range.low) && usual > range.low) range.high = usual;
    const double margin = std::max(0.04 * (range.high - range.low), 1e-6);
    return {range.low - margin, range.high + margin};
}

std::string to_svg(const LineChart& chart) {
    Frame frame;
    const Interval range = chart.y_range.value_or(value_range(chart.families));
    frame.low = range.low;
    frame.high = chart.unit_range ? std::min(range.high, 1.0) : range.high;
    if (!(frame.high > frame.low)) frame.low = frame.high - 1;
    std::size_t longest = 1;
    for (const auto& family : chart.families) {
        for (const auto& run : family.runs) longest = std::max(longest, run.size());
    }
    frame.last_epoch = chart.last_epoch.value_or(static_cast<int>(longest));
    std::string svg = open_svg(kWidth, frame.height, chart.finding, "chart") + axes(frame);
    for (const auto& family : chart.families) svg += family_lines(chart, family, frame);
    return svg + best_epoch_marks(chart, frame) + end_labels(chart, frame) + "</svg>\n";
}

namespace {

struct Scale {
    double low = 0, high = 1, left = 6, right = 6;
    double x(double value) const { return left + (value - low) / (high - low) * (kWidth - left - right); }
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
    std::string svg = text(0, y - 18, "start", "name", line.title);
    svg += text(kWidth, y - 18, "end", "name value", html::score(line.mean));
    svg += rule(0, y, kWidth, y, "grid");
    if (line.test_set) {
        svg += interval_bar(scale, *line.test_set, y, 18, "wide",
                            "95 % by drawing other groups into the test part:");
    }
    if (line.ci95) svg += interval_bar(scale, *line.ci95, y, 8, "narrow", "95 % interval of the mean:");
    for (std::size_t i = 0; i < line.values.size(); ++i) {
        svg += fmt::format(
            "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4\" class=\"dot\"><title>run {}: "
            "{:.3f}</title></circle>\n",
            scale.x(line.values[i]), y, line.run_numbers.at(i), line.values[i]);
    }
    svg += rule(scale.x(line.mean), y - 12, scale.x(line.mean), y + 12, "mean");
    if (line.published) {
        const double x = scale.x(*line.published);
        svg += fmt::format(
            "<path d=\"M{:.1f} {:.1f}l5 -5l5 5l-5 5z\" class=\"published\"><title>published: "
            "{:.3f}</title></path>\n",
            x - 5, y + 17, *line.published);
        const bool at_the_right = x > kWidth * 0.62;
        svg += text(x + (at_the_right ? -9 : 9), y + 21, at_the_right ? "end" : "start", "tick",
                    "published " + html::score(*line.published));
    }
    return svg;
}

}  // namespace

std::string to_svg(const std::vector<ScoreLine>& lines, const std::string& finding) {
    constexpr double kRow = 66;
    const double height = kRow * static_cast<double>(lines.size()) + 22;
    const Scale scale = common_scale(lines);
    std::string svg = open_svg(kWidth, height, finding, "chart scores");
    const auto ticks = nice_ticks(scale.low, scale.high, 5);
    for (const double tick : ticks) {
        svg += rule(scale.x(tick), 22, scale.x(tick), height - 18, "grid");
        svg += text(scale.x(tick), height - 4, "middle", "tick",
                    fmt::format("{:.{}f}", tick, tick_decimals(ticks)));
    }
    for (std::size_t i = 0; i < lines.size(); ++i) {
        svg += score_line(lines[i], scale, kRow * static_cast<double>(i) + 36);
    }
    return svg + "</svg>\n";
}

std::string to_svg(const DotStrip& strip) {
    constexpr double kStripWidth = 256;
    constexpr double kMiddle = 10;
    const auto x = [](double value) { return 6 + value * (kStripWidth - 12); };
    std::string svg = open_svg(kStripWidth, 2 * kMiddle, strip.finding, "strip");
    svg += rule(x(0), kMiddle, x(1), kMiddle, "grid");
    for (const double tick : {0.0, 0.5, 1.0}) svg += rule(x(tick), kMiddle - 6, x(tick), kMiddle + 6, "grid");
    if (strip.ci95) {
        svg += rule(x(std::max(strip.ci95->low, 0.0)), kMiddle, x(std::min(strip.ci95->high, 1.0)), kMiddle,
                    "whisker");
    }
    for (const double value : strip.values) {
        svg += fmt::format(
            "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"2\" class=\"small\"><title>{:.3f}</title></circle>\n",
            x(value), kMiddle, value);
    }
    return svg +
           fmt::format(
               "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4.5\" class=\"big\" style=\"fill:{}\"><title>mean "
               "{:.3f}</title></circle></svg>\n",
               x(strip.mean), kMiddle, strip.color, strip.mean);
}

}  // namespace kickdrum
