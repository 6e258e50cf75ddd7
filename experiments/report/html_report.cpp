// SPDX-License-Identifier: MIT
#include "experiments/report/html_report.h"

#include <fmt/format.h>

#include "experiments/report/html_sections.h"
#include "experiments/report/html_style.h"
#include "experiments/report/html_text.h"
#include "experiments/runs/results_folder.h"

namespace kickdrum {
namespace {

constexpr int kReloadSeconds = 10;

struct Section {
    std::string_view id;
    std::string_view name;
    std::string markup;
};

std::string navigation(const std::vector<Section>& parts) {
    std::string items;
    for (const auto& part : parts) {
        if (!part.markup.empty())
            items += fmt::format("<li><a href=\"#{}\">{}</a></li>\n", part.id, part.name);
    }
    return "<nav aria-label=\"Parts of this report\"><ul>\n" + items + "</ul></nav>\n";
}

}  // namespace

std::string html_report(const Results& results) {
    const html::Page page{
        .results = results, .summary = summarize(results), .test_set = test_set_uncertainty(results)};
    const std::vector<Section> parts = {{"metrics", "Metrics", html::metrics_section(page)},
                                        {"curves", "Learning curves", html::curves_section(page)},
                                        {"confusion", "Confusion", html::confusion_section(page)},
                                        {"mistakes", "Where it fails", html::mistakes_section(page)},
                                        {"calibration", "Calibration", html::calibration_section(page)},
                                        {"data", "Data", html::data_section(page)},
                                        {"runs", "Runs", html::runs_section(page)},
                                        {"details", "Details", html::details_section(page)}};
    std::string text = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n";
    text += "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n";
    if (results.status == StudyStatus::running) {
        text += fmt::format("<meta http-equiv=\"refresh\" content=\"{}\">\n", kReloadSeconds);
    }
    text += fmt::format("<title>{} – Kickdrum</title>\n<style>{}</style>\n</head>\n<body>\n",
                        html::escaped(results.study.name), html::style_sheet());
    text += "<a class=\"skip\" href=\"#report\">Skip to the report</a>\n<header>\n";
    text += fmt::format("<p class=\"eyebrow\">Kickdrum report</p>\n<h1>{}</h1>\n",
                        html::escaped(results.study.name));
    text += navigation(parts) + "</header>\n<main id=\"report\">\n" + html::headline(page);
    for (const auto& part : parts) {
        if (part.markup.empty()) continue;
        text += fmt::format(
            "<section id=\"{}\" aria-labelledby=\"{}-title\">\n<h2 id=\"{}-title\">{}</h2>\n{}</section>\n",
            part.id, part.id, part.id, part.name, part.markup);
    }
    text += fmt::format(
        "</main>\n<footer><p>Made by Kickdrum {}{}. Scores, matrices and intervals are computed "
        "from the predictions files beside it.</p></footer>\n",
        html::escaped(results.environment.version),
        results.environment.git_commit.empty()
            ? std::string()
            : fmt::format(" ({})", html::escaped(results.environment.git_commit)));
    // Paper shows what is folded on the screen.
    text +=
        "<script>addEventListener('beforeprint',()=>document.querySelectorAll('details')"
        ".forEach(d=>d.open=true))</script>\n";
    return text + "</body>\n</html>\n";
}

}  // namespace kickdrum
