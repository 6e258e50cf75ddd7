// SPDX-License-Identifier: MIT
// What a report says of baselines alone: their features, what was chosen, several labels at a time.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "experiments/report/html_sections.h"
#include "experiments/report/html_text.h"
#include "experiments/report/svg_plot.h"

namespace kickdrum::html {
namespace {

struct FamilyMean {
    std::string family;
    int features = 0;
    double gain = 0;
    bool has_gain = false;
    std::vector<double> permutation;  // by run

    double mean() const { return describe(permutation).mean; }
};

std::vector<FamilyMean> family_means(const Results& results) {
    std::map<std::string, FamilyMean> families;
    for (const auto& run : results.runs) {
        for (const auto& one : run.importance) {
            FamilyMean& mean = families[one.family];
            mean.family = one.family;
            mean.features = one.features;
            mean.permutation.push_back(one.permutation);
            mean.has_gain = one.gain.has_value();
            mean.gain += one.gain.value_or(0) / static_cast<double>(results.runs.size());
        }
    }
    std::vector<FamilyMean> list;
    for (auto& [name, mean] : families) list.push_back(std::move(mean));
    std::ranges::stable_sort(list, std::greater(), [](const FamilyMean& one) { return one.mean(); });
    return list;
}

std::string importance_table(const Results& results) {
    const auto families = family_means(results);
    if (families.empty()) return {};
    std::string rows =
        "<thead><tr><th scope=\"col\">Family</th><th scope=\"col\">Features</th><th scope=\"col\">F1 lost "
        "when "
        "shuffled</th><th scope=\"col\">sd</th><th scope=\"col\">Share of the trees' "
        "gain</th></tr></thead>\n<tbody>\n";
    for (const auto& one : families) {
        const Description lost = describe(one.permutation);
        rows +=
            fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
                        escaped(one.family), one.features, signed_score(lost.mean),
                        lost.sd ? score(*lost.sd) : "–", one.has_gain ? percent(one.gain) + " %" : "–");
    }
    return table(
        fmt::format(
            "Families of related features, the most important first. Shuffled: all columns of a family "
            "together, among the clips of the {} part, five times; how much the weighted F1 falls, mean over "
            "{}. Families that say the same can stand in for each other and look unimportant.",
            results.study.leaky_protocol.empty() ? "validation" : "test",
            counted(std::ssize(results.runs), "run")),
        rows + "</tbody>\n", "full");
}

std::string chosen_table(const Results& results) {
    std::map<std::string, std::vector<double>> chosen;
    for (const auto& run : results.runs) {
        for (const auto& [name, value] : run.chosen) chosen[name].push_back(value);
    }
    if (chosen.empty()) return {};
    std::string rows =
        "<thead><tr><th scope=\"col\">Chosen</th><th scope=\"col\">Run by run</th></tr></thead>\n<tbody>\n";
    for (const auto& [name, values] : chosen) {
        std::string list;
        for (const double value : values) list += fmt::format("{}{:.4g}", list.empty() ? "" : ", ", value);
        rows += fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td></tr>\n", escaped(name), list);
    }
    return table("What the search, or the validation part, has chosen.", rows + "</tbody>\n");
}

std::string several_labels(const Results& results) {
    const auto& classes = results.study.classes;
    std::vector<double> weighted;
    for (const auto& run : results.runs) {
        if (run.multi_label) weighted.push_back(run.multi_label->weighted_f1);
    }
    if (weighted.empty()) return {};
    const double runs = static_cast<double>(weighted.size());
    std::string rows =
        "<thead><tr><th scope=\"col\">Class</th><th scope=\"col\">Precision</th><th scope=\"col\">Recall</th>"
        "<th scope=\"col\">F1</th></tr></thead>\n<tbody>\n";
    for (std::size_t c = 0; c < classes.size(); ++c) {
        ClassScores mean;
        for (const auto& run : results.runs) {
            if (!run.multi_label) continue;
            const ClassScores& one = run.multi_label->per_class.at(c);
            mean.precision += one.precision / runs;
            mean.recall += one.recall / runs;
            mean.f1 += one.f1 / runs;
        }
        rows += fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td>{}</td></tr>\n",
                            class_name(classes[c], static_cast<int>(c)), score(mean.precision),
                            score(mean.recall), score(mean.f1));
    }
    return "<h3>Several labels at a time</h3>\n" +
           table(
               fmt::format(
                   "Every class whose decision value is above 0 counts as predicted: some clips get several, "
                   "some none. Weighted F1 {}; everything else in this report takes the class with the "
                   "largest value.",
                   score(describe(weighted).mean)),
               rows + "</tbody>\n");
}

}  // namespace

std::string baseline_section(const Page& page) {
    return importance_table(page.results) + chosen_table(page.results) + several_labels(page.results);
}

}  // namespace kickdrum::html
