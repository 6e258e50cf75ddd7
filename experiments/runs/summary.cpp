// SPDX-License-Identifier: MIT
#include "experiments/runs/summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

namespace kickdrum {
namespace {

using Json = nlohmann::ordered_json;

// Collects values by metric, in the order in which the metrics first come up.
class Table {
 public:
    void add(const std::string& metric, double value) {
        const auto it = std::find_if(metrics_.begin(), metrics_.end(),
                                     [&](const MetricSummary& known) { return known.name == metric; });
        MetricSummary& summary = it != metrics_.end() ? *it : metrics_.emplace_back();
        summary.name = metric;
        summary.values.push_back(value);
    }
    void add_part(const std::string& part, const PartResult& result,
                  const std::vector<std::string>& classes) {
        add(part + ".weighted_f1", result.scores.weighted_f1);
        add(part + ".macro_f1", result.scores.macro_f1);
        if (result.scores.sets) {
            add(part + ".samples_f1", result.scores.samples_f1);
            add(part + ".micro_f1", result.scores.micro_f1);
        }
        add(part + ".accuracy", result.scores.accuracy);
        add(part + ".loss", result.loss);
        if (part == "train") return;
        for (std::size_t c = 0; c < std::min(classes.size(), result.scores.per_class.size()); ++c) {
            add(fmt::format("{}.f1.{}", part, classes[c]), result.scores.per_class[c].f1);
        }
    }
    std::vector<MetricSummary> described() && {
        for (auto& metric : metrics_) {
            const Description description = describe(metric.values);
            metric.mean = description.mean;
            metric.sd = description.sd;
            metric.min = description.min;
            metric.max = description.max;
            metric.ci95 = description.ci95;
        }
        return std::move(metrics_);
    }

 private:
    std::vector<MetricSummary> metrics_;
};

bool is_epoch(std::string_view metric) {
    return metric == "best_epoch" || metric == "epochs";
}

// "test.f1.tekno" has a class behind its second dot.
bool is_class_metric(std::string_view metric) {
    return metric.find('.') != metric.rfind('.') && metric.find(".f1.") != std::string_view::npos;
}

// A class's name must not end a table cell.
std::string markdown_cell(std::string_view text) {
    std::string cell;
    for (const char c : text) {
        if (c == '|') cell += '\\';
        cell += c == '\n' ? ' ' : c;
    }
    return cell;
}

std::string markdown_row(const Summary& summary, const MetricSummary& metric, const std::string& title) {
    const auto number = [&](double value) { return format_metric(metric.name, value); };
    std::string row = fmt::format(
        "| {} | {} | {} | {} | {} | {} |", markdown_cell(title), number(metric.mean),
        metric.sd ? number(*metric.sd) : "–",
        metric.ci95 ? fmt::format("{} – {}", number(metric.ci95->low), number(metric.ci95->high)) : "–",
        number(metric.min), number(metric.max));
    if (!summary.published.empty()) {
        const auto published = summary.published_figure(metric.name);
        row +=
            published ? fmt::format(" {} | {:+.3f} |", number(*published), metric.mean - *published) : " | |";
    }
    return row + '\n';
}

std::string markdown_table(const Summary& summary, bool classes) {
    std::string text =
        fmt::format("| {} | mean | sd | 95 % interval | min | max |", classes ? "F1 of" : "metric");
    std::string rule = "|---|--:|--:|--:|--:|--:|";
    if (!summary.published.empty()) {
        text += " published | difference |";
        rule += "--:|--:|";
    }
    text += '\n' + rule + '\n';
    for (const auto& metric : summary.metrics) {
        if (is_class_metric(metric.name) != classes) continue;
        std::string title = metric_title(metric.name);
        if (classes) {
            const std::size_t dot = metric.name.find('.');
            title = fmt::format("{} ({})", metric.name.substr(dot + 4), metric.name.substr(0, dot));
        }
        text += markdown_row(summary, metric, title);
    }
    return text;
}

}  // namespace

const MetricSummary* Summary::find(std::string_view metric) const {
    const auto it = std::find_if(metrics.begin(), metrics.end(),
                                 [&](const MetricSummary& known) { return known.name == metric; });
    return it == metrics.end() ? nullptr : &*it;
}

std::optional<double> Summary::published_figure(std::string_view metric) const {
    const auto it = published.find(std::string(metric));
    return it == published.end() ? std::nullopt : std::optional(it->second);
}

Summary summarize(std::string name, std::vector<std::string> classes, std::span<const RunResult> results,
                  std::map<std::string, double> published, std::string published_source) {
    Summary summary;
    summary.name = std::move(name);
    summary.runs = static_cast<int>(results.size());
    summary.classes = std::move(classes);
    summary.published = std::move(published);
    summary.published_source = std::move(published_source);
    Table table;
    for (const auto& result : results) {
        table.add_part("test", result.test, summary.classes);
        table.add_part("val", result.val, summary.classes);
        table.add_part("train", result.train, summary.classes);
        if (result.multi_label) table.add("test.multi_label_weighted_f1", result.multi_label->weighted_f1);
        table.add("best_epoch", result.best_epoch);
        table.add("epochs", static_cast<double>(result.history.size()));
    }
    summary.metrics = std::move(table).described();
    return summary;
}

MeanConfusion mean_confusion(std::span<const RunResult> results, PartResult RunResult::*part) {
    MeanConfusion confusion;
    if (results.empty()) return confusion;
    const std::size_t classes = (results.front().*part).scores.confusion.size();
    confusion.mean.assign(classes, std::vector<double>(classes));
    confusion.sd = confusion.mean;
    std::vector<double> counts;
    for (std::size_t row = 0; row < classes; ++row) {
        for (std::size_t column = 0; column < classes; ++column) {
            counts.clear();
            for (const auto& result : results) {
                counts.push_back(static_cast<double>((result.*part).scores.confusion.at(row).at(column)));
            }
            const Description description = describe(counts);
            confusion.mean[row][column] = description.mean;
            confusion.sd[row][column] = description.sd.value_or(0);
        }
    }
    return confusion;
}

std::string metric_title(std::string_view metric) {
    if (metric == "best_epoch") return "best epoch";
    std::string title(metric);
    const std::size_t dot = title.find('.');
    if (dot == std::string::npos) return title;
    const std::string part = title.substr(0, dot);
    const std::string score = title.substr(dot + 1);
    if (score == "weighted_f1") return part + " weighted F1";
    if (score == "macro_f1") return part + " macro F1";
    if (score == "multi_label_weighted_f1") return "multi-label F1";
    if (score == "micro_f1") return part + " micro F1";
    if (score == "samples_f1") return part + " F1 of clips";
    if (score.starts_with("f1.")) return fmt::format("{} F1 of {}", part, score.substr(3));
    return part + ' ' + score;
}

std::string format_metric(std::string_view metric, double value) {
    return is_epoch(metric) ? fmt::format("{:.1f}", value) : fmt::format("{:.3f}", value);
}

std::string to_json(const Summary& summary) {
    Json metrics = Json::object();
    for (const auto& metric : summary.metrics) {
        Json& entry = metrics[metric.name];
        entry["mean"] = metric.mean;
        entry["sd"] = metric.sd ? Json(*metric.sd) : Json(nullptr);
        entry["min"] = metric.min;
        entry["max"] = metric.max;
        entry["ci95"] = metric.ci95 ? Json::array({metric.ci95->low, metric.ci95->high}) : Json(nullptr);
        entry["values"] = metric.values;
    }
    Json document;
    document["name"] = summary.name;
    document["runs"] = summary.runs;
    document["classes"] = summary.classes;
    if (!summary.leaky_protocol.empty()) document["leaky_protocol"] = summary.leaky_protocol;
    document["metrics"] = std::move(metrics);
    if (!summary.published.empty()) {
        document["published"] = summary.published;
        document["published_source"] = summary.published_source;
    }
    return document.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

std::string to_markdown(const Summary& summary) {
    std::string text = fmt::format("# {}\n\n", summary.name);
    if (const MetricSummary* main = summary.find("test.weighted_f1")) {
        text += fmt::format("Test weighted F1 **{:.3f}**", main->mean);
        if (main->ci95) {
            text += fmt::format(" ± {:.3f} over {} runs, 95 % interval of the mean {:.3f} to {:.3f}.",
                                *main->sd, summary.runs, main->ci95->low, main->ci95->high);
        } else {
            text += " from a single run: nothing is known of its scatter.";
        }
        text += '\n';
        if (!summary.leaky_protocol.empty()) text += fmt::format("\n**Leaky:** {}\n", summary.leaky_protocol);
    } else {
        text += "No run has finished yet.\n";
        return text;
    }
    text += '\n' + markdown_table(summary, false) + '\n' + markdown_table(summary, true);
    text += fmt::format(
        "\nn = {} training runs, each with its own random streams. sd is the sample standard deviation (n − "
        "1) of the "
        "runs; the interval is that of the mean by Student's t with n − 1 degrees of freedom. It covers the "
        "scatter between runs only, not the choice of clips.\n",
        summary.runs);
    if (!summary.published.empty()) {
        text += "\nPublished figures";
        if (!summary.published_source.empty()) text += ": " + summary.published_source;
        text += "; difference is ours minus published.\n";
    }
    return text;
}

}  // namespace kickdrum
