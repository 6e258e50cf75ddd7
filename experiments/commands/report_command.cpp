// SPDX-License-Identifier: MIT
// kickdrum report: the report of results folders, made anew from their files; several are compared.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "experiments/commands/all_commands.h"
#include "experiments/commands/options.h"
#include "experiments/commands/program.h"
#include "experiments/files.h"
#include "experiments/report/html_report.h"
#include "experiments/report/side_by_side.h"
#include "experiments/runs/results_folder.h"

namespace kickdrum {
namespace fs = std::filesystem;
namespace {

struct ReportOptions {
    CommonOptions common;
    std::vector<std::string> folders;
};

// All folders that can't be read are listed together.
std::vector<Results> load_all(const std::vector<std::string>& folders) {
    std::vector<Results> all;
    Problems problems;
    for (const auto& folder : folders) {
        if (!fs::is_directory(folder)) {
            problems.add({.message = fmt::format("there is no folder '{}'", folder), .file = {}});
            continue;
        }
        try {
            all.push_back(load_results(folder));
        } catch (const UserError& error) {
            for (const auto& diagnostic : error.diagnostics()) problems.add(diagnostic);
        }
    }
    problems.throw_if_any(ExitCode::usage);
    return all;
}

void write_report(const Results& results, const Summary& summary, const fs::path& folder) {
    write_file_atomically(folder / "summary.json", to_json(summary));
    write_file_atomically(folder / "summary.md", to_markdown(summary));
    write_file_atomically(folder / "report.html", html_report(results));
}

std::string as_json(const std::vector<ComparedResults>& all, const std::vector<fs::path>& reports) {
    auto list = nlohmann::ordered_json::array();
    for (std::size_t i = 0; i < all.size(); ++i) {
        nlohmann::ordered_json one;
        one["folder"] = all[i].folder.string();
        one["report"] = reports[i].string();
        one["planned_runs"] = all[i].planned_runs;
        one["summary"] = nlohmann::ordered_json::parse(to_json(all[i].summary));
        list.push_back(std::move(one));
    }
    return nlohmann::ordered_json{{"results", list}}.dump(2, ' ', false,
                                                          nlohmann::ordered_json::error_handler_t::replace) +
           '\n';
}

std::string as_text(const ComparedResults& one, const fs::path& report) {
    std::string text =
        fmt::format("{}: {} of {} runs are finished\n", one.summary.name, one.summary.runs, one.planned_runs);
    for (const auto* metric : {"test.weighted_f1", "val.weighted_f1"}) {
        text += fmt::format("{:<18} {}\n", metric_title(metric), mean_with_interval(one.summary, metric));
    }
    return text + fmt::format("Report: {}\n", report.string());
}

ExitCode report(const ReportOptions& options) {
    require_argument("report", "at least one results folder", !options.folders.empty());
    const fs::path out = options.common.out;
    const bool several = options.folders.size() > 1;
    const std::vector<Results> all = load_all(options.folders);
    if (!out.empty()) fs::create_directories(out);

    std::vector<ComparedResults> compared;
    std::vector<fs::path> reports;
    for (const auto& results : all) {
        compared.push_back({results.folder, summarize(results), results.study.runs});
        const fs::path folder = several || out.empty() ? results.folder : out;
        write_report(results, compared.back().summary, folder);
        reports.push_back(folder / "report.html");
    }
    if (several && !out.empty()) write_file_atomically(out / "comparison.md", comparison_markdown(compared));

    if (options.common.json) {
        print(as_json(compared, reports));
    } else if (several) {
        print(comparison_text(compared));
        if (!out.empty()) print(fmt::format("\nComparison: {}\n", (out / "comparison.md").string()));
    } else {
        print(as_text(compared[0], reports[0]));
    }
    return ExitCode::done;
}

Work declare(CLI::App& app) {
    const auto options = std::make_shared<ReportOptions>();
    add_arguments(app, "RESULTS", options->folders, "Results folders, finished or not");
    add_out_option(app, options->common, "DIR",
                   "Write there: the report of one folder, or comparison.md of several (default: each report "
                   "into its folder)");
    add_json_option(app, options->common, "Print the summaries as one JSON document");
    return [options](const std::string&) { return report(*options); };
}

}  // namespace

Command report_command() {
    return {.name = "report",
            .summary = "Build the report of results folders, or compare several",
            .arguments = "RESULTS...",
            .description =
                "Builds report.html, summary.json and summary.md of each results folder anew, from the\n"
                "predictions and histories in it. Several folders are also compared.",
            .example = "  kickdrum report results/with-dropout results/without-dropout",
            .declare = declare};
}

}  // namespace kickdrum
