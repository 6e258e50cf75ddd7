// SPDX-License-Identifier: MIT
// The tables of study_results.h for people: summary.md, summary.tex, the terminal.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "experiments/report/score_text.h"
#include "experiments/studies/study_results.h"

namespace kickdrum {
namespace {

using Cells = std::vector<std::string>;

std::string number(const std::optional<double>& value, int digits = 3) {
    return value ? fmt::format("{:.{}f}", *value, digits) : "–";
}

std::string interval(const std::optional<Interval>& interval) {
    return interval ? fmt::format("{:+.3f} to {:+.3f}", interval->low, interval->high) : "–";
}

std::string p_text(const std::optional<double>& p) {
    return p ? fmt::format("{:.3g}", *p) : "–";
}

// "4 of 5", "failed"
std::string runs_text(const VariantResults& variant) {
    if (variant.status == VariantStatus::failed || variant.status == VariantStatus::left_out)
        return std::string(to_string(variant.status));
    const auto finished = static_cast<int>(variant.results.runs.size());
    return finished == variant.results.study.runs
               ? std::to_string(finished)
               : fmt::format("{} of {}", finished, variant.results.study.runs);
}

const MetricDifference* difference_of(const VariantResults& variant, std::string_view metric) {
    if (!variant.against_first) return nullptr;
    const auto found = std::ranges::find(variant.against_first->metrics, metric, &MetricDifference::metric);
    return found == variant.against_first->metrics.end() ? nullptr : &*found;
}

Cells row_of(const StudyResults& study, const VariantResults& variant) {
    Cells cells{variant.name, runs_text(variant), mean_with_interval(variant.summary, "val.weighted_f1"),
                mean_with_interval(variant.summary, "test.weighted_f1")};
    if (&variant == &study.variants.front()) {
        cells.insert(cells.end(), {"reference", "", "", ""});
    } else if (const MetricDifference* d = difference_of(variant, "test.weighted_f1")) {
        cells.insert(cells.end(), {fmt::format("{:+.3f}", d->description.mean), interval(d->description.ci95),
                                   p_text(d->holm_p), number(d->dz, 2)});
    } else {
        const bool compared = variant.against_first && !variant.against_first->pairing.why_not.empty();
        cells.insert(cells.end(), {compared ? "not paired" : "–", "", "", ""});
    }
    return cells;
}

std::vector<Cells> table_of(const StudyResults& study) {
    std::vector<Cells> rows{{"variant", "runs", "val weighted F1", "test weighted F1", "test difference",
                             "95 % interval", "p (Holm)", "d_z"}};
    for (const auto* variant : by_validation(study)) rows.push_back(row_of(study, *variant));
    return rows;
}

// What the table doesn't say.
std::vector<std::string> notes_of(const StudyResults& study) {
    std::vector<std::string> notes;
    for (const auto& variant : study.variants) {
        if (!variant.message.empty())
            notes.push_back(
                fmt::format("{}: {}: {}", variant.name, to_string(variant.status), variant.message));
        if (variant.against_first && !variant.against_first->pairing.why_not.empty()) {
            notes.push_back(fmt::format("{} and {} can't be paired: {}.", study.variants.front().name,
                                        variant.name, variant.against_first->pairing.why_not));
        }
        if (const MetricDifference* d = difference_of(variant, "test.weighted_f1")) {
            notes.push_back(fmt::format("{}: {} {}", variant.name, verdict(*d), power_statement(*d)));
        }
    }
    return notes;
}

std::string method_note(const StudyResults& study) {
    int pairs = 0;
    bool splits_vary = false;
    for (const auto& variant : study.variants) {
        if (!variant.against_first) continue;
        pairs = std::max(pairs, static_cast<int>(variant.against_first->pairing.runs.size()));
        splits_vary = splits_vary || variant.against_first->pairing.splits_vary;
    }
    std::string text =
        "Sorted by validation. Mean ± standard deviation (n − 1) over the runs [95 % interval of the mean, "
        "Student's "
        "t].";
    if (pairs == 0) return text;
    return text +
           fmt::format(
               " Difference: variant minus '{}', over up to {} pairs of runs of equal seed and split{}; its "
               "interval by Student's t; p by the exact sign-flip permutation test, two-sided, "
               "corrected by Holm over the variants; d_z: mean over standard deviation of the differences.",
               study.variants.front().name, pairs,
               splits_vary ? ", whose splits vary: the t-test in summary.json is corrected for the clips "
                             "that they share"
                           : "");
}

std::string markdown(const std::string& text) {
    std::string out;
    for (const char c : text) {
        if (c == '|') out += '\\';
        out += c == '\n' ? ' ' : c;
    }
    return out;
}

std::string latex(const std::string& text) {
    std::string out;
    for (const char c : text) {
        if (c == '\\') {
            out += "\\textbackslash{}";
        } else if (c == '~' || c == '^') {
            out += fmt::format("\\{}{{}}", c);
        } else {
            if (std::string_view("&%$#_{}").find(c) != std::string_view::npos) out += '\\';
            out += c;
        }
    }
    for (const auto& [from, to] : {std::pair{"±", "$\\pm$"}, std::pair{"–", "--"}, std::pair{"−", "$-$"}}) {
        for (std::size_t at = 0; (at = out.find(from, at)) != std::string::npos; at += std::string(to).size())
            out.replace(at, std::string(from).size(), to);
    }
    return out;
}

std::size_t columns_of(std::string_view text) {
    return static_cast<std::size_t>(
        std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

}  // namespace

std::string study_markdown(const StudyResults& study) {
    std::string text = fmt::format("# {}\n\n", study.name);
    bool header = true;
    for (const auto& row : table_of(study)) {
        Cells cells;
        for (const auto& cell : row) cells.push_back(markdown(cell));
        text += fmt::format("| {} |\n", fmt::join(cells, " | "));
        if (header) text += "|---|--:|---|---|--:|---|--:|--:|\n";
        header = false;
    }
    text += '\n' + method_note(study) + '\n';
    for (const auto& note : notes_of(study)) text += "\n- " + markdown(note);
    return text + '\n';
}

std::string study_latex(const StudyResults& study) {
    std::string text =
        "% \\usepackage{booktabs}\n\\begin{table}\n\\centering\n\\begin{tabular}{lrllrlrr}\n\\toprule\n";
    bool header = true;
    for (const auto& row : table_of(study)) {
        Cells cells;
        for (const auto& cell : row) cells.push_back(latex(cell));
        cells.back() = header ? "$d_z$" : cells.back();
        text += fmt::format("{} \\\\\n", fmt::join(cells, " & "));
        if (header) text += "\\midrule\n";
        header = false;
    }
    return text + fmt::format("\\bottomrule\n\\end{{tabular}}\n\\caption{{{}. {}}}\n\\end{{table}}\n",
                              latex(study.name), latex(method_note(study)));
}

std::string study_text(const StudyResults& study) {
    const auto rows = table_of(study);
    std::vector<std::size_t> widths(rows[0].size());
    for (const auto& row : rows) {
        for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], columns_of(row[i]));
    }
    std::string text;
    for (const auto& row : rows) {
        std::string line;
        for (std::size_t i = 0; i < row.size(); ++i) {
            line += row[i];
            line.append(widths[i] - columns_of(row[i]) + 2, ' ');
        }
        line.erase(line.find_last_not_of(' ') + 1);
        text += line + '\n';
    }
    text += '\n' + method_note(study) + '\n';
    for (const auto& note : notes_of(study)) text += note + '\n';
    return text;
}

}  // namespace kickdrum
