// SPDX-License-Identifier: MIT
// The numbers of an experiment over its runs: summary.json, summary.md, the end of the terminal output and
// the report's tables all come from here. A metric's name is part.score: test.weighted_f1, val.loss,
// test.f1.<class>; best_epoch and epochs stand alone.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "experiments/runs/run_result.h"
#include "experiments/statistics/intervals.h"

namespace kickdrum {

struct MetricSummary {
    std::string name;
    double mean = 0;
    std::optional<double> sd;  // n - 1; none for a single run
    double min = 0;
    double max = 0;
    std::optional<Interval> ci95;  // of the mean, Student's t; none for a single run
    std::vector<double> values;    // by run
};

struct Summary {
    std::string name;
    int runs = 0;  // that are finished
    std::vector<std::string> classes;
    std::vector<MetricSummary> metrics;
    std::map<std::string, double> published;  // by metric; printed beside, not part of summary.json's metrics
    std::string published_source;
    std::string leaky_protocol;  // Study::leaky_protocol

    const MetricSummary* find(std::string_view metric) const;  // null where there is none
    std::optional<double> published_figure(std::string_view metric) const;
};

// `results` may be empty: a summary without metrics.
Summary summarize(std::string name, std::vector<std::string> classes, std::span<const RunResult> results,
                  std::map<std::string, double> published = {}, std::string published_source = {});

// The mean over runs of a confusion matrix, with the sample standard deviation of every cell (0 for a single
// run).
struct MeanConfusion {
    std::vector<std::vector<double>> mean;  // rows true, columns predicted
    std::vector<std::vector<double>> sd;
};
MeanConfusion mean_confusion(std::span<const RunResult> results, PartResult RunResult::*part);

// A metric by the name a reader would use: "test weighted F1", "best epoch".
std::string metric_title(std::string_view metric);
// A value of the metric as it is printed everywhere: three decimals, epochs one.
std::string format_metric(std::string_view metric, double value);

std::string to_json(const Summary& summary);      // summary.json
std::string to_markdown(const Summary& summary);  // summary.md

}  // namespace kickdrum
