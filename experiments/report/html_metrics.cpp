// SPDX-License-Identifier: MIT
// Tables of all metrics, and the learning curves.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "experiments/report/html_sections.h"
#include "experiments/report/html_text.h"
#include "experiments/report/svg_plot.h"

namespace kickdrum::html {
namespace {

bool is_class_metric(const std::string& name) {
    return name.find(".f1.") != std::string::npos;
}

std::string metric_row(const Page& page, const MetricSummary& metric, const std::string& previous) {
    const bool main = metric.name.ends_with(".weighted_f1") && !metric.name.starts_with("train");
    const auto part = [](const std::string& name) { return name.substr(0, name.find('.')); };
    const bool new_part = !previous.empty() && part(previous) != part(metric.name) && metric.name != "epochs";
    const auto number = [&](double value) {
        return decimals(value, metric.name.find('.') == std::string::npos ? 1 : 3);
    };
    std::string title = metric_title(metric.name);
    title.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(title.front())));
    std::string row = fmt::format(
        "<tr class=\"{}{}\"><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td>",
        main ? "main" : "", new_part ? " rule" : "", escaped(title), number(metric.mean),
        metric.sd ? number(*metric.sd) : "–",
        metric.ci95 ? fmt::format("{} to {}", number(metric.ci95->low), number(metric.ci95->high)) : "–",
        number(metric.min), number(metric.max));
    if (!page.summary.published.empty()) {
        const auto published = page.summary.published_figure(metric.name);
        row += published ? fmt::format("<td>{}</td><td>{}</td>", number(*published),
                                       signed_score(metric.mean - *published))
                         : "<td></td><td></td>";
    }
    return row + "</tr>\n";
}

// The histories to draw: of all finished runs and those under way, or of one.
struct History {
    int run;
    int best_epoch;
    const std::vector<EpochRecord>* epochs;
};

std::vector<History> histories(const Page& page, int only_run) {
    std::vector<History> list;
    for (const auto& run : page.results.runs) list.push_back({run.run, run.best_epoch, &run.history});
    for (const auto& run : page.results.unfinished) list.push_back({run.run, 0, &run.history});
    if (only_run > 0) std::erase_if(list, [&](const History& history) { return history.run != only_run; });
    std::erase_if(list, [](const History& history) { return history.epochs->empty(); });
    return list;
}

using Column = double EpochRecord::*;

CurveFamily family(const std::vector<History>& list, std::string label, std::string css_class,
                   Column column) {
    CurveFamily curves{.label = std::move(label), .css_class = std::move(css_class), .runs = {}};
    for (const auto& history : list) {
        auto& values = curves.runs.emplace_back();
        for (const auto& record : *history.epochs) values.push_back(record.*column);
    }
    return curves;
}

struct ChartSpec {
    std::string title;
    std::vector<std::tuple<std::string, std::string, Column>> families;
    bool unit_range;
};

const std::vector<ChartSpec>& chart_specs() {
    static const std::vector<ChartSpec> specs = {
        {"loss", {{"train", "train", &EpochRecord::loss}, {"val", "val", &EpochRecord::val_loss}}, false},
        {"accuracy",
         {{"train", "train", &EpochRecord::accuracy}, {"val", "val", &EpochRecord::val_accuracy}},
         true},
        {"validation weighted F1", {{"val", "val", &EpochRecord::val_weighted_f1}}, true}};
    return specs;
}

// What the chart shows, in words.
std::string finding(const LineChart& chart) {
    std::string text =
        fmt::format("{} over epochs, {}", chart.title, counted(std::ssize(chart.run_numbers), "run"));
    for (const auto& family : chart.families) {
        const auto median = median_curve(family.runs);
        if (median.size() < 2) continue;
        text += fmt::format("; {} from {:.3f} to {:.3f}", family.label, median.front(), median.back());
    }
    return text;
}

LineChart line_chart(const Page& page, const ChartSpec& spec, int only_run) {
    const auto build = [&](const std::vector<History>& list) {
        std::vector<CurveFamily> families;
        for (const auto& [label, css_class, column] : spec.families) {
            families.push_back(family(list, label, css_class, column));
        }
        return families;
    };
    const auto shown = histories(page, only_run);
    LineChart chart{.title = spec.title, .families = build(shown), .unit_range = spec.unit_range};
    for (const auto& history : shown) {
        chart.run_numbers.push_back(history.run);
        chart.best_epochs.push_back(history.best_epoch);
    }
    // One run by itself keeps the scales of all.
    auto all = histories(page, 0);
    for (const Results* other : page.beside) {
        const Page beside{.results = *other, .summary = {}, .test_set = {}};
        std::ranges::copy(histories(beside, 0), std::back_inserter(all));
    }
    chart.y_range = value_range(build(all));
    std::size_t longest = 1;
    for (const auto& history : all) longest = std::max(longest, history.epochs->size());
    chart.last_epoch = static_cast<int>(longest);
    chart.finding = finding(chart);
    return chart;
}

}  // namespace

std::string learning_curves(const Page& page, int only_run) {
    if (histories(page, only_run).empty()) return {};
    std::string charts;
    for (const auto& spec : chart_specs()) {
        std::string title = spec.title;
        title.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(title.front())));
        charts +=
            fmt::format("<figure><h3>{}</h3>{}</figure>\n", title, to_svg(line_chart(page, spec, only_run)));
    }
    return "<div class=\"charts\">\n" + charts + "</div>\n";
}

std::string curves_section(const Page& page) {
    const std::string charts = learning_curves(page);
    if (charts.empty()) return {};
    const auto all = histories(page, 0);
    const auto stopped = std::count_if(page.results.runs.begin(), page.results.runs.end(),
                                       [](const RunResult& run) { return run.stopped_early; });
    std::string text = "<p>";
    if (!page.results.runs.empty()) {
        const MetricSummary& best = *page.summary.find("best_epoch");
        text += page.results.runs.size() == 1
                    ? fmt::format("Best epoch {}; {}. ", decimals(best.mean, 0),
                                  stopped == 1 ? "early stopping ended the run" : "it ran to its last epoch")
                    : fmt::format("Best epoch {} on average ({} to {}); early stopping ended {} of {} runs. ",
                                  decimals(best.mean, 1), decimals(best.min, 0), decimals(best.max, 0),
                                  stopped, page.results.runs.size());
    }
    text +=
        "Training figures are measured while the weights change and dropout is on, so they lag behind.</p>\n";
    text += charts + "<p class=\"muted\">";
    if (all.size() > 1)
        text +=
            "Thin lines: runs, ending where training ended. Bold: their median while at least half still "
            "train. ";
    return text + "Triangles on the axis: the epoch whose weights were kept.</p>\n";
}

std::string metrics_section(const Page& page) {
    if (page.summary.metrics.empty()) return {};
    std::string rows =
        "<thead><tr><th scope=\"col\">Metric</th><th scope=\"col\">Mean</th><th scope=\"col\">sd</th>"
        "<th scope=\"col\">95 % interval of the mean</th><th scope=\"col\">Min</th><th "
        "scope=\"col\">Max</th>";
    if (!page.summary.published.empty())
        rows += "<th scope=\"col\">Published</th><th scope=\"col\">Difference</th>";
    rows += "</tr></thead>\n<tbody>\n";
    std::string previous;
    for (const auto& metric : page.summary.metrics) {
        if (is_class_metric(metric.name)) continue;
        rows += metric_row(page, metric, previous);
        previous = metric.name;
    }
    rows += "</tbody>\n";
    std::string caption =
        page.summary.runs > 1
            ? fmt::format("{} runs; sd with n − 1; interval by Student's t.", page.summary.runs)
            : "A single run: no spread to show.";
    if (!page.summary.published.empty()) caption += " Difference: ours minus published.";
    return table(caption, rows, "full");
}

}  // namespace kickdrum::html
