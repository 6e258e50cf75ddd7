// SPDX-License-Identifier: MIT
// Whether its probabilities can be believed: a reliability diagram, its numbers, the calibration error.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "experiments/report/calibration.h"
#include "experiments/report/html_sections.h"
#include "experiments/report/html_text.h"
#include "experiments/report/svg_marks.h"

namespace kickdrum::html {
namespace {

constexpr double kLeft = 44, kTop = 10, kSide = 250, kBars = 56, kHeight = 370;

double x_of(double confidence) {
    return kLeft + confidence * kSide;
}
double y_of(double share) {
    return kTop + (1 - share) * kSide;
}

std::string axes() {
    std::string marks;
    for (const double tick : {0.0, 0.25, 0.5, 0.75, 1.0}) {
        marks += svg::rule(kLeft, y_of(tick), kLeft + kSide, y_of(tick), "grid");
        marks += svg::text(kLeft - 6, y_of(tick) + 4, "end", "tick", percent(tick) + " %");
        marks += svg::text(x_of(tick), kTop + kSide + kBars + 24, "middle", "tick", percent(tick) + " %");
    }
    marks += svg::rule(x_of(0), y_of(0), x_of(1), y_of(1), "axis ideal");
    marks += svg::text(x_of(0.03), y_of(1) + 14, "start", "tick halo", "share that is right");
    marks += svg::text(x_of(1), kTop + kSide + kBars + 42, "end", "tick", "confidence");
    return marks;
}

std::string bin_marks(const CalibrationBin& bin, int largest) {
    if (bin.predictions == 0) return {};
    const std::string title = fmt::format(
        "confidence {} to {} %: {}, mean confidence {} %, {} % right", percent(bin.low), percent(bin.high),
        counted(bin.predictions, "prediction"), percent(bin.confidence), percent(bin.accuracy));
    const double base = kTop + kSide + kBars + 8;
    const double height = kBars * static_cast<double>(bin.predictions) / std::max(largest, 1);
    std::string marks = fmt::format(
        "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" "
        "class=\"narrow\"><title>{}</title></rect>\n",
        x_of(bin.low) + 1, base - height, kSide / 10 - 2, std::max(height, 1.0), title);
    marks += svg::rule(x_of(bin.confidence), y_of(bin.confidence), x_of(bin.confidence), y_of(bin.accuracy),
                       "gap");
    return marks +
           fmt::format(
               "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4.5\" class=\"dot\"><title>{}</title></circle>\n",
               x_of(bin.confidence), y_of(bin.accuracy), title);
}

std::string diagram(const Calibration& found, const std::string& finding) {
    int largest = 0;
    for (const auto& bin : found.bins) largest = std::max(largest, bin.predictions);
    std::string marks = svg::open(svg::kWidth, kHeight, finding, "chart scores reliability") + axes();
    for (const auto& bin : found.bins) marks += bin_marks(bin, largest);
    return marks + "</svg>\n";
}

std::string bin_table(const Calibration& found) {
    std::string rows =
        "<thead><tr><th scope=\"col\">Confidence, %</th><th scope=\"col\">Predictions</th><th "
        "scope=\"col\">Mean "
        "confidence, %</th><th scope=\"col\">Right, %</th></tr></thead>\n<tbody>\n";
    for (const auto& bin : found.bins) {
        if (bin.predictions == 0) continue;
        rows += fmt::format("<tr><th scope=\"row\">{} to {}</th><td>{}</td><td>{}</td><td>{}</td></tr>\n",
                            percent(bin.low), percent(bin.high), bin.predictions,
                            decimals(100 * bin.confidence, 1), decimals(100 * bin.accuracy, 1));
    }
    return table("Test part, predictions of all runs together.", rows + "</tbody>\n");
}

}  // namespace

std::string calibration_section(const Page& page) {
    if (page.results.runs.empty() || page.results.study.sets) return {};
    const Calibration found = calibration(page.results);
    const double gap = found.confidence - found.accuracy;
    const std::string finding =
        fmt::format("On average {} % sure, and {} % right: {}.", decimals(100 * found.confidence, 1),
                    decimals(100 * found.accuracy, 1),
                    std::abs(gap) < 0.02 ? "about as sure as it should be"
                    : gap > 0            ? "too sure of itself"
                                         : "not sure enough");
    const std::string error = fmt::format(
        "Expected calibration error {}{}.", score(found.error.mean),
        found.error.sd ? fmt::format(" ± {} (mean ± sd over {} runs)", score(*found.error.sd), found.error.n)
                       : "");
    return fmt::format(
        "<p>{} {}</p>\n<div class=\"pair\"><figure>{}<figcaption>A point is a tenth of the scale of "
        "confidence; on the diagonal the stated probability is true, below it too high. Bars: how many "
        "predictions are there.</figcaption></figure>\n<div>{}</div></div>\n",
        finding, error, diagram(found, finding), bin_table(found));
}

}  // namespace kickdrum::html
