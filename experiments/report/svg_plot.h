// SPDX-License-Identifier: MIT
// The charts of a report as inline SVG: text as text, colours from the page's CSS, a <title> on every mark,
// no script. All charts are 360 units wide, so that their text has the same size wherever they stand.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "experiments/statistics/intervals.h"

namespace kickdrum {

// A quantity over epochs, for several runs: a thin line per run, the median of the runs in bold. Epochs count
// from 1.
struct CurveFamily {
    std::string label;                      // "val"
    std::string css_class;                  // "val", "train"
    std::vector<std::vector<double>> runs;  // [run][epoch - 1]; empty for a run that hasn't begun
};

struct LineChart {
    std::string title;
    std::string finding;  // for those who can't see it
    std::vector<CurveFamily> families;
    std::vector<int> run_numbers;
    std::vector<int> best_epochs;  // by run; 0: none
    bool unit_range = false;       // at most 1, as an accuracy
    // Shared scales: where given they replace those of the data.
    std::optional<Interval> y_range;
    std::optional<int> last_epoch;
};
std::string to_svg(const LineChart& chart);

// The vertical range that a chart takes by itself: from the smallest to the largest value, but single values
// far above the rest (a loss that jumps once) don't squash everything else.
Interval value_range(const std::vector<CurveFamily>& families);
// The median over the runs that still train, as long as these are at least half of all.
std::vector<double> median_curve(const std::vector<std::vector<double>>& runs);

// A score on a line: every run a dot, the mean a stroke, intervals as bars, a published figure as a diamond.
struct ScoreLine {
    std::string title;
    std::vector<double> values;
    std::vector<int> run_numbers;
    double mean = 0;
    std::optional<Interval> ci95;      // of the mean
    std::optional<Interval> test_set;  // from the size of the test part
    std::optional<double> published;
};
// All lines share one scale.
std::string to_svg(const std::vector<ScoreLine>& lines, const std::string& finding);

// A score between 0 and 1 for a table cell: dots for the runs, a whisker for the interval, a big dot for the
// mean.
struct DotStrip {
    std::vector<double> values;
    double mean = 0;
    std::optional<Interval> ci95;
    std::string color;  // CSS
    std::string finding;
};
std::string to_svg(const DotStrip& strip);

}  // namespace kickdrum
