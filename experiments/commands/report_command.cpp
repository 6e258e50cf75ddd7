// SPDX-License-Identifier: MIT
// kickdrum report: the report of results folders, made anew from their files; several are compared.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "experiments/commands/all_commands.h"
#include "experiments/commands/options.h"
#include "experiments/commands/program.h"
#include "experiments/files.h"
#include "experiments/report/html_report.h"
#include "experiments/report/score_text.h"
#include "experiments/runs/results_folder.h"
#include "experiments/studies/study_folder.h"

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

std::string as_json(const std::vector<Results>& all, const std::vector<fs::path>& reports) {
    auto list = nlohmann::ordered_json::array();
    for (std::size_t i = 0; i < all.size(); ++i) {
        nlohmann::ordered_json one;
        one["folder"] = all[i].folder.string();
        one["report"] = reports[i].string();
        one["planned_runs"] = all[i].study.runs;
        one["summary"] = nlohmann::ordered_json::parse(to_json(summarize(all[i])));
        list.push_back(std::move(one));
    }
    return nlohmann::ordered_json{{"results", list}}.dump(2, ' ', false,
                                                          nlohmann::ordered_json::error_handler_t::replace) +
           '\n';
}

std::string as_text(const Results& results, const fs::path& report) {
    const Summary summary = summarize(results);
    std::string text =
        fmt::format("{}: {} of {} runs are finished\n", summary.name, summary.runs, results.study.runs);
    for (const auto* metric : {"test.weighted_f1", "val.weighted_f1"}) {
        text += fmt::format("{:<18} {}\n", metric_title(metric), mean_with_interval(summary, metric));
    }
    return text + fmt::format("Report: {}\n", report.string());
}

// Folders as variants of a study that nobody planned. Equal names get their folder behind them.
StudyResults as_study(const std::vector<Results>& all) {
    StudyResults study;
    study.name = "Comparison";
    for (const auto& results : all) {
        VariantResults& variant = study.variants.emplace_back();
        variant.name = results.study.name;
        const bool twice = std::ranges::count_if(all, [&](const Results& other) {
                               return other.study.name == results.study.name;
                           }) > 1;
        if (twice) variant.name += fmt::format(" ({})", results.folder.string());
        variant.status =
            results.status == StudyStatus::done ? VariantStatus::done : VariantStatus::interrupted;
        variant.results = results;
    }
    compare_variants(study);
    return study;
}

ExitCode report_study(const ReportOptions& options) {
    const fs::path folder = options.folders[0];
    const StudyResults study = load_study(folder);
    const fs::path out = options.common.out.empty() ? folder : fs::path(options.common.out);
    fs::create_directories(out);
    write_study_files(study, out);
    print(options.common.json
              ? study_json(study)
              : study_text(study) + fmt::format("Report: {}\n", (out / "report.html").string()));
    return ExitCode::done;
}

ExitCode compare(const ReportOptions& options, const std::vector<Results>& all,
                 const std::vector<fs::path>& reports) {
    const fs::path out = options.common.out;
    StudyResults study = as_study(all);
    study.folder = out;
    if (!out.empty()) write_study_files(study, out, "comparison");
    if (options.common.json) {
        auto document = nlohmann::ordered_json::parse(as_json(all, reports));
        document["comparison"] = nlohmann::ordered_json::parse(study_json(study));
        print(document.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + '\n');
        return ExitCode::done;
    }
    print(study_text(study));
    if (!out.empty()) print(fmt::format("\nComparison: {}\n", (out / "comparison.html").string()));
    return ExitCode::done;
}

ExitCode report(const ReportOptions& options) {
    require_argument("report", "at least one results folder", !options.folders.empty());
    if (options.folders.size() == 1 && is_study_folder(options.folders[0])) return report_study(options);
    const fs::path out = options.common.out;
    const bool several = options.folders.size() > 1;
    const std::vector<Results> all = load_all(options.folders);
    if (!out.empty()) fs::create_directories(out);

    std::vector<fs::path> reports;
    for (const auto& results : all) {
        const fs::path folder = several || out.empty() ? results.folder : out;
        write_report(results, summarize(results), folder);
        reports.push_back(folder / "report.html");
    }
    if (several) return compare(options, all, reports);
    print(options.common.json ? as_json(all, reports) : as_text(all[0], reports[0]));
    return ExitCode::done;
}

Work declare(CLI::App& app) {
    const auto options = std::make_shared<ReportOptions>();
    add_arguments(app, "RESULTS", options->folders, "Results folders, finished or not, or a study's");
    add_out_option(app, options->common, "DIR",
                   "Write there: the report of one folder, or the comparison of several as comparison.html, "
                   ".md, .tex, .csv and .json (default: each report into its folder)");
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
                "predictions and histories in it. Several folders are also compared: runs of equal\n"
                "seed and split are paired and tested, and what can't be compared is said. A study's\n"
                "folder is reported with its variants.",
            .example = "  kickdrum report results/with-dropout results/without-dropout",
            .declare = declare};
}

}  // namespace kickdrum
