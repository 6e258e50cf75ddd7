// SPDX-License-Identifier: MIT
#include "experiments/report/html_study_tables.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "experiments/report/html_text.h"
#include "experiments/report/svg_plot.h"
#include "experiments/statistics/power.h"

namespace kickdrum::html {
namespace {

std::string cell(const std::string& text) {
    return "<td>" + text + "</td>";
}

std::string range(const std::optional<Interval>& interval) {
    return interval ? fmt::format("{} to {}", signed_score(interval->low), signed_score(interval->high))
                    : "–";
}

std::string p_text(const std::optional<double>& p) {
    if (!p) return "–";
    return *p < 0.0005 ? "&lt; 0.001" : decimals(*p, 3);
}

std::string optional_number(const std::optional<double>& value, int digits) {
    return value ? decimals(*value, digits) : "–";
}

std::string mean_cell(const VariantResults& variant, std::string_view metric) {
    const MetricSummary* found = variant.summary.find(metric);
    if (found == nullptr) return cell("–");
    return cell(score(found->mean) + (found->sd ? " ± " + score(*found->sd) : ""));
}

std::string interval_cell(const VariantResults& variant, std::string_view metric) {
    const MetricSummary* found = variant.summary.find(metric);
    if (found == nullptr || !found->ci95) return cell("–");
    return cell(fmt::format("{} to {}", score(found->ci95->low), score(found->ci95->high)));
}

std::string strip_of(const VariantResults& variant) {
    const MetricSummary* test = variant.summary.find("test.weighted_f1");
    if (test == nullptr) return cell("");
    return cell(
        to_svg(DotStrip{.values = test->values,
                        .mean = test->mean,
                        .ci95 = test->ci95,
                        .color = "var(--accent)",
                        .finding = fmt::format("Test weighted F1 {} from 0 to 1", score(test->mean))}));
}

std::string runs_of(const VariantResults& variant) {
    const auto finished = static_cast<int>(variant.results.runs.size());
    std::string text = finished == variant.results.study.runs
                           ? std::to_string(finished)
                           : fmt::format("{} of {}", finished, variant.results.study.runs);
    if (variant.status == VariantStatus::failed || variant.status == VariantStatus::left_out)
        text += fmt::format(", {}", to_string(variant.status));
    return text;
}

std::string variant_row(const StudyResults& study, const VariantResults& variant) {
    const bool reference = &variant == &study.variants.front();
    std::string row = fmt::format("<tr{}><th scope=\"row\">{}{}</th>", reference ? " class=\"main\"" : "",
                                  escaped(variant.name), reference ? " (reference)" : "");
    row += cell(runs_of(variant)) + mean_cell(variant, "val.weighted_f1") +
           mean_cell(variant, "test.weighted_f1") + interval_cell(variant, "test.weighted_f1") +
           strip_of(variant);
    if (const MetricDifference* d = difference_of(variant, "test.weighted_f1")) {
        row += cell(signed_score(d->description.mean)) + cell(range(d->description.ci95)) +
               cell(p_text(d->holm_p)) + cell(optional_number(d->dz, 2));
    } else {
        row += cell(variant.against_first ? "not paired" : "") + cell("") + cell("") + cell("");
    }
    return row + "</tr>\n";
}

std::string test_row(const VariantResults& variant, const MetricDifference& d) {
    std::string row = fmt::format("<tr><th scope=\"row\">{}</th>", escaped(variant.name));
    row += cell(metric_title(d.metric)) + cell(std::to_string(d.description.n)) +
           cell(signed_score(d.description.mean)) + cell(range(d.description.ci95)) +
           cell(range(d.bca ? std::optional(d.bca->ci95) : std::nullopt)) +
           cell(range(d.test_set ? std::optional(d.test_set->ci95) : std::nullopt)) + cell(p_text(d.t.p)) +
           cell(p_text(d.sign_flip.p)) + cell(p_text(d.wilcoxon.p)) + cell(p_text(d.holm_p)) +
           cell(optional_number(d.dz, 2)) + cell(decimals(d.a12, 2)) + cell(decimals(d.superiority, 2)) +
           cell(d.order ? decimals(d.order->epsilon, 2) : "–");
    return row + "</tr>\n";
}

std::string header(std::initializer_list<std::string_view> names) {
    std::string text = "<thead><tr>";
    for (const auto name : names) text += fmt::format("<th scope=\"col\">{}</th>", name);
    return text + "</tr></thead>\n<tbody>\n";
}

std::string variance_table(const StudyResults& study) {
    std::string rows;
    for (const auto& variant : study.variants) {
        for (const auto* metric : {"val.weighted_f1", "test.weighted_f1"}) {
            const auto parts = variance_of(variant.results, metric);
            if (!parts) continue;
            rows += fmt::format("<tr><th scope=\"row\">{}</th>", escaped(variant.name)) +
                    cell(metric_title(metric)) + cell(std::to_string(parts->runs)) +
                    cell(std::to_string(parts->splits)) + cell(decimals(std::sqrt(parts->between), 3)) +
                    cell(decimals(std::sqrt(parts->within), 3)) + "</tr>\n";
        }
    }
    if (rows.empty()) return {};
    return "<h3>Where the scatter comes from</h3>\n" +
           table(
               "Standard deviation between splits, and between runs on one split: a one-way analysis of "
               "variance "
               "with random effects.",
               header({"Variant", "Score", "Runs", "Splits", "Between splits", "Between runs of a split"}) +
                   rows + "</tbody>\n");
}

}  // namespace

const MetricDifference* difference_of(const VariantResults& variant, std::string_view metric) {
    if (!variant.against_first) return nullptr;
    const auto& all = variant.against_first->metrics;
    const auto found = std::ranges::find(all, metric, &MetricDifference::metric);
    return found == all.end() ? nullptr : &*found;
}

std::string variants_table(const StudyResults& study) {
    std::string rows = header({"Variant", "Runs", "Val F1", "Test F1", "95 % interval", "Test F1 from 0 to 1",
                               "Difference", "95 % interval", "p (Holm)", "d<sub>z</sub>"});
    for (const auto* variant : by_validation(study)) rows += variant_row(study, *variant);
    return table(
        fmt::format("Weighted F1, mean ± sd over the runs, sorted by validation, never by test. Intervals "
                    "of the mean by Student's t. Difference of the test score to {}, over runs of equal "
                    "seed and split; p by the exact sign-flip test.",
                    study.variants.empty() ? "" : study.variants.front().name),
        rows + "</tbody>\n", "full slim");
}

std::string tests_section(const StudyResults& study) {
    std::string rows;
    std::string words;
    for (const auto& variant : study.variants) {
        if (!variant.against_first) continue;
        for (const auto& d : variant.against_first->metrics) rows += test_row(variant, d);
        if (const MetricDifference* d = difference_of(variant, "test.weighted_f1")) {
            words += fmt::format("<li><strong>{}</strong>: {} {}</li>\n", escaped(variant.name),
                                 escaped(verdict(*d)), escaped(power_statement(*d)));
        }
    }
    if (rows.empty()) return variance_table(study);
    const std::string columns =
        header({"Variant", "Score", "Pairs", "Mean difference", "95 %, Student's t", "95 %, BCa bootstrap",
                "95 %, other tracks", "p, t-test", "p, sign flips", "p, Wilcoxon", "p, Holm", "d<sub>z</sub>",
                "A<sub>12</sub>", "P(better)", "ASO ε"});
    return "<ul class=\"method\">\n" + words + "</ul>\n" +
           table(fmt::format("Each variant minus {}.", study.variants.front().name),
                 columns + rows + "</tbody>\n") +
           variance_table(study);
}

std::string power_warning(const StudyResults& study) {
    int pairs = 0;
    for (const auto& variant : study.variants) {
        if (variant.against_first)
            pairs = std::max(pairs, static_cast<int>(variant.against_first->pairing.runs.size()));
    }
    const int needed = runs_for_exact_test(0.05);
    if (pairs == 0 || pairs >= needed) return {};
    if (pairs == 1)
        return "One run of each variant: how differences scatter is unknown, and no test is possible.";
    return fmt::format(
        "With {} pairs of runs an exact two-sided test can't go below p = {:.4g}; it takes {} to reach "
        "0.05.",
        pairs, smallest_exact_p(pairs), needed);
}

std::string study_methods(const StudyResults& study) {
    std::string items;
    const auto add = [&](const std::string& sentence) { items += "<li>" + sentence + "</li>\n"; };
    add("Pairs are runs of the same number, seed and split. Where splits or test parts differ, nothing is "
        "paired and "
        "the reason is given.");
    add("Student's t: mean ± t(0.975, n − 1)·sd/√n of the differences. BCa: bias-corrected and accelerated "
        "bootstrap "
        "of their mean, over all resamples up to n = 10, else over 20 000 random ones.");
    add("Other tracks: whole groups of the test part are drawn with replacement, the same for both variants, "
        "2000 "
        "times; from the 2.5 % to the 97.5 % point of the difference of their mean scores.");
    add("t-test: paired, two-sided; where the splits vary, with Nadeau and Bengio's correction for the clips "
        "that they "
        "share: variance times 1/n + test/train. Sign flips: all 2ⁿ up to n = 16, else 100 000 random ones. "
        "Wilcoxon's "
        "signed ranks: exact up to n = 50. None can go below 2 / 2ⁿ.");
    add("p, Holm: that of the sign flips, corrected over all variants. d_z: mean over sd of the differences. "
        "A₁₂: the "
        "probability that a run of the variant is above one of the reference, over all pairs of runs; "
        "P(better): over "
        "those of equal seed. Equal ones count half.");
    add("ASO ε: almost stochastic order; the variant is almost always better where ε is below 0.2, it's "
        "undecided "
        "around 0.5. Upper 95 % bound, its spread over all resamples up to n = 6, else over 2000.");
    add("The number of runs that could decide is that of a paired t-test with power 0.8 at 0.05 for the d_z "
        "seen, "
        "which is itself uncertain; never fewer than an exact test needs.");
    std::string text = folded("What each number is <span>methods, with their n</span>",
                              "<ul class=\"method\">\n" + items + "</ul>\n");
    for (const auto& variant : study.variants) {
        if (variant.results.resolved_yaml.empty()) continue;
        text +=
            folded(fmt::format("{} <span>every setting, defaults filled in</span>", escaped(variant.name)),
                   fmt::format("<pre>{}</pre>\n", escaped(variant.results.resolved_yaml)));
    }
    return text;
}

}  // namespace kickdrum::html
