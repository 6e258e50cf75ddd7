// SPDX-License-Identifier: MIT
#include "experiments/report/html_study.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "experiments/report/html_page.h"
#include "experiments/report/html_sections.h"
#include "experiments/report/html_study_tables.h"
#include "experiments/report/html_text.h"
#include "experiments/report/svg_plot.h"

namespace kickdrum {
namespace {

constexpr int kSketches = 5;  // pictures of clips, of each variant

using html::escaped;
using html::score;

std::string status_banner(const StudyResults& study) {
    if (study.status == StudyStatus::done) return {};
    std::string what;
    for (const auto& variant : study.variants) {
        if (variant.status != VariantStatus::running && variant.status != VariantStatus::interrupted)
            continue;
        what += fmt::format("{}{}, {} of {} runs", what.empty() ? "" : "; ", escaped(variant.name),
                            variant.results.runs.size(), variant.results.study.runs);
    }
    const auto done = std::ranges::count(study.variants, VariantStatus::done, &VariantResults::status);
    if (what.empty()) what = fmt::format("{} of {} variants are done", done, study.variants.size());
    const bool running = study.status == StudyStatus::running;
    const std::string_view word = running                               ? "Running"
                                  : study.status == StudyStatus::failed ? "Something failed"
                                                                        : "Interrupted";
    return fmt::format(
        "<div class=\"banner{}\" role=\"status\"><p><strong>{}: {}.</strong> Only finished runs count "
        "below.{}</p></div>\n",
        running ? " running" : "", word, what, running ? " This page reloads itself." : "");
}

std::string warning_box(const StudyResults& study) {
    std::vector<std::string> list;
    for (const auto& variant : study.variants) {
        if (!variant.message.empty() && variant.status == VariantStatus::failed)
            list.push_back(fmt::format("{} failed: {}", variant.name, variant.message));
        if (variant.against_first && !variant.against_first->pairing.why_not.empty()) {
            list.push_back(fmt::format("{} and {} can't be paired: {}.", study.variants.front().name,
                                       variant.name, variant.against_first->pairing.why_not));
        }
    }
    if (const std::string power = html::power_warning(study); !power.empty()) list.push_back(power);
    if (list.empty()) return {};
    std::string items;
    for (const auto& sentence : list) items += "<li>" + escaped(sentence) + "</li>\n";
    return "<div class=\"warnings\"><h2>Read this first</h2><ul>\n" + items + "</ul></div>\n";
}

// The result in words.
std::string lead(const StudyResults& study) {
    const auto order = by_validation(study);
    const VariantResults& best = *order.front();
    const MetricSummary* val = best.summary.find("val.weighted_f1");
    const MetricSummary* test = best.summary.find("test.weighted_f1");
    if (val == nullptr || test == nullptr) return "<p class=\"lead\">No run has finished yet.</p>\n";
    std::string text = fmt::format(
        "<p class=\"lead\">Best of {} by validation: <strong>{}</strong>, test weighted F1 "
        "{}{} over {}.",
        html::counted(std::ssize(study.variants), "variant"), escaped(best.name), score(test->mean),
        test->sd ? " ± " + score(*test->sd) : "", html::counted(std::ssize(test->values), "run"));
    if (const MetricDifference* d = html::difference_of(best, "test.weighted_f1")) {
        text += fmt::format(" Against {}: {}. {}", escaped(study.variants.front().name),
                            html::signed_score(d->description.mean), escaped(verdict(*d)));
    } else if (&best == &study.variants.front() && study.variants.size() > 1) {
        text += " It's the variant that the others are compared with.";
    }
    return text + "</p>\n";
}

std::string score_figure(const StudyResults& study, const std::string& metric, const std::string& title) {
    std::vector<ScoreLine> lines;
    for (const auto* variant : by_validation(study)) {
        const MetricSummary* summary = variant->summary.find(metric);
        if (summary == nullptr) continue;
        ScoreLine& line = lines.emplace_back();
        line.title = variant->name;
        line.values = summary->values;
        line.mean = summary->mean;
        line.ci95 = summary->ci95;
        for (const auto& run : variant->results.runs) line.run_numbers.push_back(run.run);
    }
    if (lines.empty()) return {};
    return fmt::format(
        "<figure><h3>{}</h3>{}<figcaption>Circles: runs. Stroke: mean. Bar: 95 % interval of the "
        "mean.</figcaption></figure>\n",
        title, to_svg(lines, fmt::format("{} of {} variants", title, lines.size())));
}

html::Page page_of(const StudyResults& study, const VariantResults& variant) {
    html::Page page{.results = variant.results,
                    .summary = variant.summary,
                    .test_set = test_set_uncertainty(variant.results)};
    page.folder = study.folder;
    page.sketches = kSketches;
    for (const auto& other : study.variants) page.beside.push_back(&other.results);
    return page;
}

std::string link_of(const StudyResults& study, const VariantResults& variant) {
    std::error_code error;
    const auto path = std::filesystem::relative(variant.results.folder / "report.html", study.folder, error);
    if (error || path.empty()) return {};
    return fmt::format("<p><a href=\"{}\">The report of this variant</a>, with every run.</p>\n",
                       escaped(path.generic_string()));
}

std::string variants_section(const StudyResults& study, const std::vector<const VariantResults*>& shown) {
    std::string text;
    for (const auto* variant : shown) {
        const html::Page page = page_of(study, *variant);
        std::string content = link_of(study, *variant);
        const auto part = [&](std::string_view title, const std::string& markup) {
            if (!markup.empty()) content += fmt::format("<h3>{}</h3>\n{}", title, markup);
        };
        part("Metrics", html::metrics_section(page));
        part("Confusion", html::confusion_section(page));
        part("Where it fails", html::mistakes_section(page));
        part("Calibration", html::calibration_section(page));
        text += html::folded(fmt::format("{} <span>{}</span>", escaped(variant->name),
                                         escaped(fmt::format("{}", fmt::join(variant->set, ", ")))),
                             content);
    }
    return text;
}

std::string curves_section(const StudyResults& study, const std::vector<const VariantResults*>& shown) {
    std::string text;
    for (const auto* variant : shown) {
        const std::string charts = html::learning_curves(page_of(study, *variant));
        if (!charts.empty()) text += fmt::format("<h3>{}</h3>\n{}", escaped(variant->name), charts);
    }
    if (text.empty()) return {};
    return "<p>All variants have the same scales. Thin lines: runs. Bold: their median while at least half "
           "still "
           "train. Triangles on the axis: the epoch whose weights were kept.</p>\n" +
           text;
}

std::string data_section(const StudyResults& study) {
    for (const auto& variant : study.variants) {
        if (variant.results.splits.empty() || variant.results.runs.empty()) continue;
        return fmt::format("<p>As {} has it.</p>\n", escaped(variant.name)) +
               html::data_section(page_of(study, variant));
    }
    return {};
}

std::string command(const StudyResults& study) {
    if (study.command.empty()) return {};
    return fmt::format(
        "<p class=\"muted\">To compute this again, to the bit on the same machine:</p>\n<pre "
        "class=\"command\">{}</pre>\n",
        escaped(study.command));
}

}  // namespace

std::string html_study(const StudyResults& study) {
    std::vector<const VariantResults*> shown;
    for (const auto* variant : by_validation(study)) {
        if (!variant->results.runs.empty() || !variant->results.unfinished.empty()) shown.push_back(variant);
    }
    const std::string figures = score_figure(study, "val.weighted_f1", "Validation weighted F1") +
                                score_figure(study, "test.weighted_f1", "Test weighted F1");
    const std::vector<html::Section> sections{
        {"variants", "Variants", html::variants_table(study) + "<div class=\"pair\">" + figures + "</div>\n"},
        {"tests", "Differences and tests", html::tests_section(study)},
        {"curves", "Learning curves", curves_section(study, shown)},
        {"each", "Each variant", variants_section(study, shown)},
        {"data", "Data", data_section(study)},
        {"details", "Details", html::study_methods(study)}};
    const std::string head = status_banner(study) + warning_box(study) + lead(study) + command(study);
    const bool reload = study.status == StudyStatus::running;
    return html::whole_page({.title = study.name, .eyebrow = "Kickdrum study", .reload = reload}, head,
                            sections);
}

}  // namespace kickdrum
