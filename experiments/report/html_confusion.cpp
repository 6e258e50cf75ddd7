// SPDX-License-Identifier: MIT
// Confusion matrices and scores by class.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "experiments/report/findings.h"
#include "experiments/report/html_sections.h"
#include "experiments/report/html_text.h"
#include "experiments/report/svg_plot.h"
#include "experiments/runs/result_text.h"

namespace kickdrum::html {
namespace {

// Where the text on a cell changes from dark to light in the light scheme (h2), and from light to dark in the
// dark one (h1): both keep a contrast of 4.5:1 on either side.
constexpr double kDarkSchemeTurn = 0.64;
constexpr double kLightSchemeTurn = 0.69;

std::string cell(double count, double row_sum, double share_sd, bool diagonal, int digits) {
    const double share = row_sum > 0 ? count / row_sum : 0;
    std::string css = share >= kLightSchemeTurn ? "h2" : share >= kDarkSchemeTurn ? "h1" : "";
    if (diagonal) css += " hit";
    if (count == 0) return fmt::format("<td class=\"none{}\">0</td>", diagonal ? " hit" : "");
    const std::string number = decimals(count, digits);
    const std::string spread = share_sd > 0 ? fmt::format(" ±{}", percent(share_sd)) : std::string();
    return fmt::format("<td class=\"{}\" style=\"--a:{:.3f}\"><b>{}</b><span>{} %{}</span></td>", css, share,
                       number, percent(share), spread);
}

bool all_whole(const std::vector<std::vector<double>>& counts) {
    return std::all_of(counts.begin(), counts.end(), [](const std::vector<double>& row) {
        return std::all_of(row.begin(), row.end(), [](double count) { return count == std::round(count); });
    });
}

// Sample standard deviation over runs of a cell's share of its row.
double share_deviation(std::span<const RunResult> runs, PartResult RunResult::*part, std::size_t row,
                       std::size_t column) {
    std::vector<double> shares;
    for (const auto& run : runs) {
        const auto& counts = (run.*part).scores.confusion.at(row);
        double sum = 0;
        for (const auto count : counts) sum += static_cast<double>(count);
        if (sum > 0) shares.push_back(static_cast<double>(counts[column]) / sum);
    }
    return shares.empty() ? 0 : describe(shares).sd.value_or(0);
}

std::string matrix(const Page& page, std::span<const RunResult> runs, PartResult RunResult::*part,
                   const std::string& caption) {
    const MeanConfusion confusion = mean_confusion(runs, part);
    if (confusion.mean.empty()) return {};  // clips with sets of classes
    const auto& classes = page.results.study.classes;
    const int digits = all_whole(confusion.mean) ? 0 : 1;  // the same in all cells
    std::string rows = "<thead><tr><th scope=\"col\" class=\"axis-name\">true \\ predicted</th>";
    for (const auto& name : classes) rows += fmt::format("<th scope=\"col\">{}</th>", escaped(name));
    rows += "</tr></thead>\n<tbody>\n";
    for (std::size_t row = 0; row < confusion.mean.size(); ++row) {
        double sum = 0;
        for (const double count : confusion.mean[row]) sum += count;
        rows += fmt::format("<tr><th scope=\"row\">{}</th>", class_name(classes[row], static_cast<int>(row)));
        for (std::size_t column = 0; column < confusion.mean.size(); ++column) {
            rows += cell(confusion.mean[row][column], sum, share_deviation(runs, part, row, column),
                         row == column, digits);
        }
        rows += "</tr>\n";
    }
    return table(caption, rows + "</tbody>\n", "matrix");
}

struct ClassColumn {
    std::vector<double> values;
    Description description;
};

ClassColumn column_of(const Page& page, PartResult RunResult::*part, std::size_t c,
                      double ClassScores::*score_of) {
    ClassColumn column;
    for (const auto& run : page.results.runs) {
        column.values.push_back((run.*part).scores.per_class.at(c).*score_of);
    }
    column.description = describe(column.values);
    return column;
}

std::string mean_and_sd(const Description& description) {
    return description.sd ? fmt::format("{} ± {}", score(description.mean), score(*description.sd))
                          : score(description.mean);
}

std::string class_table(const Page& page, PartResult RunResult::*part, const std::string& part_name) {
    const auto& classes = page.results.study.classes;
    std::string rows =
        "<thead><tr><th scope=\"col\">Class</th><th scope=\"col\">Precision</th><th scope=\"col\">Recall</th>"
        "<th scope=\"col\">F1</th><th scope=\"col\" class=\"text\">F1 from 0 to 1</th>"
        "<th scope=\"col\">Clips</th></tr></thead>\n<tbody>\n";
    for (std::size_t c = 0; c < classes.size(); ++c) {
        const ClassColumn f1 = column_of(page, part, c, &ClassScores::f1);
        double support = 0;
        for (const auto& run : page.results.runs) {
            support += static_cast<double>((run.*part).scores.per_class[c].support);
        }
        support /= static_cast<double>(page.results.runs.size());
        const DotStrip strip{
            .values = f1.values,
            .mean = f1.description.mean,
            .ci95 = f1.description.ci95,
            .color = class_color(static_cast<int>(c)),
            .finding = fmt::format("F1 of {}: {}, runs from {} to {}", classes[c], score(f1.description.mean),
                                   score(f1.description.min), score(f1.description.max))};
        rows += fmt::format(
            "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
            class_name(classes[c], static_cast<int>(c)),
            mean_and_sd(column_of(page, part, c, &ClassScores::precision).description),
            mean_and_sd(column_of(page, part, c, &ClassScores::recall).description),
            mean_and_sd(f1.description), to_svg(strip),
            decimals(support, support == std::round(support) ? 0 : 1));
    }
    rows += "</tbody>\n";
    const std::string runs =
        page.summary.runs > 1
            ? fmt::format(", mean ± sd of {} runs; whisker: 95 % interval of the mean", page.summary.runs)
            : ", single run";
    return table(fmt::format("Scores by class, {} part{}.", part_name, runs), rows);
}

std::string report_row(std::string_view name, const ClassScores& scores, std::string_view css_class) {
    return fmt::format(
        "<tr class=\"{}\"><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
        css_class, name, score(scores.precision), score(scores.recall), score(scores.f1), scores.support);
}

std::string classification_table(const Page& page, const Classification& scores, const std::string& caption) {
    const auto& classes = page.results.study.classes;
    std::string rows =
        "<thead><tr><th scope=\"col\">Class</th><th scope=\"col\">Precision</th><th scope=\"col\">Recall</th>"
        "<th scope=\"col\">F1</th><th scope=\"col\">Clips</th></tr></thead>\n<tbody>\n";
    for (std::size_t c = 0; c < scores.per_class.size(); ++c) {
        rows += report_row(class_name(classes[c], static_cast<int>(c)), scores.per_class[c], "");
    }
    const AveragedScores averages = averaged(scores);
    rows += fmt::format(
        "<tr class=\"rule\"><th scope=\"row\">Accuracy</th><td></td><td></td><td>{}</td><td>{}</td></tr>\n",
        score(scores.accuracy), averages.macro.support);
    rows += report_row("Mean of classes (macro)", averages.macro, "");
    rows += report_row("Weighted by clips", averages.weighted, "main");
    return table(caption, rows + "</tbody>\n");
}

}  // namespace

std::string confusion_section(const Page& page) {
    if (page.results.runs.empty()) return {};
    const auto& runs = page.results.runs;
    const std::string how =
        runs.size() > 1
            ? fmt::format(
                  "mean of {} runs; below each count its share of the row ± sd between runs, in points",
                  runs.size())
            : "counts, and their share of the row";
    std::string text =
        matrix(page, runs, &RunResult::test, fmt::format("Test part: {}. Framed: correct.", how));
    text += class_table(page, &RunResult::test, "test");
    return text + folded("Validation part <span>matrix and scores by class</span>",
                         matrix(page, runs, &RunResult::val, fmt::format("Validation part: {}.", how)) +
                             class_table(page, &RunResult::val, "validation"));
}

std::string run_scores(const Page& page, const RunResult& run) {
    const std::span<const RunResult> one(&run, 1);
    std::string text = "<div class=\"pair\"><div>\n";
    text += matrix(page, one, &RunResult::test, fmt::format("Run {}, test part.", run.run));
    text += classification_table(page, run.test.scores,
                                 fmt::format("Run {}, classification report of the test part.", run.run));
    text += "</div><div>\n" +
            matrix(page, one, &RunResult::val, fmt::format("Run {}, validation part.", run.run));
    text += classification_table(
        page, run.val.scores, fmt::format("Run {}, classification report of the validation part.", run.run));
    return text + "</div></div>\n";
}

}  // namespace kickdrum::html
