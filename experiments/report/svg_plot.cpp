// SPDX-License-Identifier: MIT
#include "experiments/report/svg_plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "experiments/report/html_text.h"
#include "experiments/report/svg_marks.h"

namespace kickdrum {
namespace {

// Where values and epochs lie in the chart.
struct Frame {
    double left = 34, right = 44, top = 12, bottom = 34, height = 220;
    double low = 0, high = 1;
    int last_epoch = 1;

    double x(double epoch) const {
        const double share = last_epoch > 1 ? (epoch - 1) / (last_epoch - 1) : 0.5;
        return left + share * (svg::kWidth - left - right);
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
    std::string marks;
    const auto y_ticks = svg::nice_ticks(frame.low, frame.high, 4);
    for (const double tick : y_ticks) {
        marks += svg::rule(frame.left, frame.y(tick), svg::kWidth - frame.right, frame.y(tick), "grid");
        marks += svg::text(frame.left - 6, frame.y(tick) + 4, "end", "tick",
                           fmt::format("{:.{}f}", tick, svg::tick_decimals(y_ticks)));
    }
    const double base = frame.height - frame.bottom;
    marks += svg::rule(frame.left, base, svg::kWidth - frame.right, base, "axis");
    auto epochs = svg::nice_ticks(1, frame.last_epoch, 5);
    if (epochs.front() > 2) epochs.insert(epochs.begin(), 1);
    for (const double tick : epochs) {
        if (tick != std::floor(tick)) continue;
        marks += svg::text(frame.x(tick), base + 22, "middle", "tick", fmt::format("{:.0f}", tick));
    }
    marks += svg::text(svg::kWidth, base + 22, "end", "tick", "epoch");
    return marks;
}

// Small triangles on the axis.
std::string best_epoch_marks(const LineChart& chart, const Frame& frame) {
    std::string marks;
    const double base = frame.height - frame.bottom;
    for (std::size_t i = 0; i < chart.best_epochs.size(); ++i) {
        if (chart.best_epochs[i] < 1) continue;
        const double x = frame.x(chart.best_epochs[i]);
        marks += fmt::format(
            "<path d=\"M{:.1f} {:.1f}l-3.5 7h7z\" class=\"best\"><title>run {}: best epoch "
            "{}</title></path>\n",
            x, base + 2, chart.run_numbers.at(i), chart.best_epochs[i]);
    }
    return marks;
}

std::string family_lines(const LineChart& chart, const CurveFamily& family, const Frame& frame) {
    std::string marks;
    const bool single = family.runs.size() == 1;
    for (std::size_t i = 0; i < family.runs.size() && !single; ++i) {
        const auto& values = family.runs[i];
        if (values.empty()) continue;
        marks += polyline(frame, values, "run " + family.css_class,
                          fmt::format("run {}, {} {}", chart.run_numbers.at(i), family.label, chart.title));
        if (!std::isfinite(values.back())) continue;
        marks += fmt::format(
            "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"2\" class=\"end {}\"><title>run {} ends after epoch "
            "{}: {:.3f}</title></circle>\n",
            frame.x(static_cast<double>(values.size())), frame.y(values.back()), family.css_class,
            chart.run_numbers.at(i), values.size(), values.back());
    }
    marks += polyline(frame, median_curve(family.runs), "median " + family.css_class,
                      fmt::format("{}{} {}", single ? "" : "median, ", family.label, chart.title));
    return marks;
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
    std::string marks;
    for (const auto& label : labels) {
        marks += svg::text(svg::kWidth - frame.right + 6, label.y, "start",
                           "label " + label.family->css_class, label.family->label);
    }
    return marks;
}

}  // namespace

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
    std::string marks = svg::open(svg::kWidth, frame.height, chart.finding, "chart") + axes(frame);
    for (const auto& family : chart.families) marks += family_lines(chart, family, frame);
    return marks + best_epoch_marks(chart, frame) + end_labels(chart, frame) + "</svg>\n";
}

}  // namespace kickdrum
