// SPDX-License-Identifier: MIT
#include "experiments/report/side_by_side.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

namespace kickdrum {
namespace {

using Cells = std::vector<std::string>;

constexpr std::string_view kNote =
    "Mean ± standard deviation over the runs [95 % interval of the mean, Student's t]. The interval is about "
    "other seeds,\nnot about other clips; differences mean something only between experiments on the same "
    "split.\n";

std::vector<Cells> cells_of(std::span<const ComparedResults> all) {
    std::vector<Cells> rows{{"experiment", "runs", "test weighted F1", "val weighted F1", "folder"}};
    for (const auto& one : all) {
        const Summary& summary = one.summary;
        rows.push_back({summary.name,
                        summary.runs == one.planned_runs
                            ? std::to_string(summary.runs)
                            : fmt::format("{} of {}", summary.runs, one.planned_runs),
                        mean_with_interval(summary, "test.weighted_f1"),
                        mean_with_interval(summary, "val.weighted_f1"), one.folder.string()});
    }
    return rows;
}

// Characters, not bytes: continuation bytes of UTF-8 take no column.
std::size_t columns_of(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(
        text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string escaped_for_markdown(const std::string& text) {
    std::string out;
    for (const char c : text) {
        if (c == '|') out += '\\';
        out += c == '\n' ? ' ' : c;
    }
    return out;
}

}  // namespace

std::string mean_with_interval(const Summary& summary, std::string_view metric) {
    const MetricSummary* found = summary.find(metric);
    if (found == nullptr) return "-";
    std::string text = format_metric(metric, found->mean);
    if (found->sd) text += " ± " + format_metric(metric, *found->sd);
    if (found->ci95) {
        text += fmt::format(" [{}, {}]", format_metric(metric, found->ci95->low),
                            format_metric(metric, found->ci95->high));
    }
    return text;
}

std::string comparison_text(std::span<const ComparedResults> all) {
    const auto rows = cells_of(all);
    std::vector<std::size_t> widths(rows[0].size());
    for (const auto& row : rows) {
        for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], columns_of(row[i]));
    }
    std::string text;
    for (const auto& row : rows) {
        for (std::size_t i = 0; i < row.size(); ++i) {
            text += row[i];
            if (i + 1 < row.size()) text.append(widths[i] - columns_of(row[i]) + 2, ' ');
        }
        text += '\n';
    }
    return text + '\n' + std::string(kNote);
}

std::string comparison_markdown(std::span<const ComparedResults> all) {
    std::string text = "# Comparison\n\n";
    bool header = true;
    for (const auto& row : cells_of(all)) {
        Cells cells;
        for (const auto& cell : row) cells.push_back(escaped_for_markdown(cell));
        text += fmt::format("| {} |\n", fmt::join(cells, " | "));
        if (header) text += "| --- | --- | --- | --- | --- |\n";
        header = false;
    }
    return text + '\n' + std::string(kNote);
}

}  // namespace kickdrum
