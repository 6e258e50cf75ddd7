// SPDX-License-Identifier: MIT
#include "experiments/report/html_report.h"

#include <fmt/format.h>

#include "experiments/report/html_page.h"
#include "experiments/report/html_sections.h"
#include "experiments/runs/results_folder.h"

namespace kickdrum {

std::string html_report(const Results& results) {
    const html::Page page{
        .results = results, .summary = summarize(results), .test_set = test_set_uncertainty(results)};
    const std::vector<html::Section> sections = {
        {"metrics", "Metrics", html::metrics_section(page)},
        {"curves", "Learning curves", html::curves_section(page)},
        {"confusion", results.study.sets ? "Classes" : "Confusion", html::confusion_section(page)},
        {"features", "Features and choices", html::baseline_section(page)},
        {"mistakes", "Where it fails", html::mistakes_section(page)},
        {"calibration", "Calibration", html::calibration_section(page)},
        {"data", "Data", html::data_section(page)},
        {"runs", "Runs", html::runs_section(page)},
        {"details", "Details", html::details_section(page)}};
    const Environment& environment = results.environment;
    const std::string commit =
        environment.git_commit.empty() ? std::string() : fmt::format(" ({})", environment.git_commit);
    return html::whole_page({.title = results.study.name,
                             .reload = results.status == StudyStatus::running,
                             .made_by = environment.version + commit},
                            html::headline(page), sections);
}

}  // namespace kickdrum
