// SPDX-License-Identifier: MIT
#include "experiments/runs/result_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace kickdrum {
namespace {

// Columns of UTF-8 text, one per code point.
std::size_t columns(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(
        text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string padded(std::string_view text, std::size_t width, bool right) {
    const std::string space(width - std::min(width, columns(text)), ' ');
    return right ? space + std::string(text) : std::string(text) + space;
}

std::size_t widest(std::span<const std::string> names, std::size_t least) {
    for (const auto& name : names) least = std::max(least, columns(name));
    return least;
}

std::string count_text(double count) {
    return count == std::round(count) ? fmt::format("{:.0f}", count) : fmt::format("{:.1f}", count);
}

// Adds up scores over runs.
struct Total {
    double precision = 0;
    double recall = 0;
    double f1 = 0;
    double support = 0;
    void add(const ClassScores& scores) {
        precision += scores.precision;
        recall += scores.recall;
        f1 += scores.f1;
        support += static_cast<double>(scores.support);
    }
    std::string row(std::string_view name, std::size_t width, double runs) const {
        return fmt::format("{}  {:>9.3f}  {:>9.3f}  {:>9.3f}  {:>9}\n", padded(name, width, true),
                           precision / runs, recall / runs, f1 / runs, count_text(support / runs));
    }
};

constexpr std::string_view kMainMetrics[] = {
    "test.weighted_f1", "test.samples_f1", "test.micro_f1", "test.accuracy", "test.macro_f1",
    "val.weighted_f1",  "val.accuracy",    "val.loss",      "best_epoch",    "test.multi_label_weighted_f1"};

}  // namespace

AveragedScores averaged(const Classification& scores) {
    AveragedScores averages;
    const auto classes = static_cast<double>(scores.per_class.size());
    double support = 0;
    for (const auto& c : scores.per_class) support += static_cast<double>(c.support);
    for (const auto& c : scores.per_class) {
        averages.macro.precision += c.precision / classes;
        averages.macro.recall += c.recall / classes;
        averages.macro.f1 += c.f1 / classes;
        averages.macro.support += c.support;
        const double weight = support > 0 ? static_cast<double>(c.support) / support : 0;
        averages.weighted.precision += weight * c.precision;
        averages.weighted.recall += weight * c.recall;
        averages.weighted.f1 += weight * c.f1;
    }
    averages.weighted.support = averages.macro.support;
    return averages;
}

std::string classification_report(std::span<const RunResult> results, PartResult RunResult::*part,
                                  std::span<const std::string> classes) {
    if (results.empty()) return {};
    const auto runs = static_cast<double>(results.size());
    const std::size_t width = widest(classes, std::string_view("weighted avg").size());
    std::vector<Total> by_class(classes.size());
    Total macro;
    Total weighted;
    double accuracy = 0;
    for (const auto& result : results) {
        const Classification& scores = (result.*part).scores;
        for (std::size_t c = 0; c < classes.size(); ++c) by_class[c].add(scores.per_class.at(c));
        const AveragedScores averages = averaged(scores);
        macro.add(averages.macro);
        weighted.add(averages.weighted);
        accuracy += scores.accuracy / runs;
    }
    std::string text = fmt::format("{}  {:>9}  {:>9}  {:>9}  {:>9}\n", padded("", width, true), "precision",
                                   "recall", "f1", "support");
    for (std::size_t c = 0; c < classes.size(); ++c) text += by_class[c].row(classes[c], width, runs);
    text += fmt::format("\n{}  {:>9}  {:>9}  {:>9.3f}  {:>9}\n", padded("accuracy", width, true), "", "",
                        accuracy, count_text(macro.support / runs));
    return text + macro.row("macro avg", width, runs) + weighted.row("weighted avg", width, runs);
}

std::string confusion_table(std::span<const RunResult> results, PartResult RunResult::*part,
                            std::span<const std::string> classes) {
    if (results.empty()) return {};
    const MeanConfusion confusion = mean_confusion(results, part);
    if (confusion.mean.empty()) return {};  // clips with sets of classes
    const std::size_t width = widest(classes, 0);
    std::string text = padded("", width, true);
    for (const auto& name : classes)
        text += "  " + padded(name, std::max<std::size_t>(columns(name), 6), true);
    text += '\n';
    bool whole = true;  // all means are whole numbers: no decimals then
    for (const auto& row : confusion.mean) {
        whole = whole &&
                std::all_of(row.begin(), row.end(), [](double count) { return count == std::round(count); });
    }
    for (std::size_t row = 0; row < classes.size(); ++row) {
        text += padded(classes[row], width, true);
        for (std::size_t column = 0; column < classes.size(); ++column) {
            text += "  " + padded(fmt::format("{:.{}f}", confusion.mean[row][column], whole ? 0 : 1),
                                  std::max<std::size_t>(columns(classes[column]), 6), true);
        }
        text += '\n';
    }
    return text;
}

std::string metrics_table(const Summary& summary) {
    std::string text = fmt::format("{:<18}{:<19}{:<19}", "", summary.runs > 1 ? "mean ± sd" : "single run",
                                   summary.runs > 1 ? "95 % interval" : "");
    text += summary.published.empty() ? "\n" : "published\n";
    for (const auto name : kMainMetrics) {
        const MetricSummary* metric = summary.find(name);
        if (metric == nullptr || (metric->name == "best_epoch" && metric->max == 0))
            continue;  // no rounds at all
        std::string value = format_metric(name, metric->mean);
        if (metric->sd) value += " ± " + format_metric(name, *metric->sd);
        std::string interval;
        if (metric->ci95) {
            interval =
                format_metric(name, metric->ci95->low) + " to " + format_metric(name, metric->ci95->high);
        }
        std::string line = fmt::format("{:<18}{:<19}{:<19}", metric_title(name), value, interval);
        if (const auto published = summary.published_figure(name)) line += format_metric(name, *published);
        line.erase(line.find_last_not_of(' ') + 1);
        text += line + '\n';
    }
    return text;
}

std::string duration_text(double seconds) {
    if (!(seconds >= 0)) return "0 s";
    if (seconds < 9.95) return fmt::format("{:.1f} s", seconds);
    const auto whole = static_cast<std::int64_t>(std::llround(seconds));
    if (whole < 60) return fmt::format("{} s", whole);
    if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
    const std::int64_t minutes = (whole + 30) / 60;
    return fmt::format("{} h {:02} min", minutes / 60, minutes % 60);
}

}  // namespace kickdrum
