// SPDX-License-Identifier: MIT
// The results of several variants beside each other: of a study, or of results folders that are compared.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "experiments/runs/results.h"
#include "experiments/runs/summary.h"
#include "experiments/studies/paired_comparison.h"

namespace kickdrum {

enum class VariantStatus : std::uint8_t { waiting, running, done, interrupted, failed, left_out };
std::string_view to_string(VariantStatus status);

struct VariantResults {
    std::string name;
    std::vector<std::string> set;  // what differs from the base
    VariantStatus status = VariantStatus::waiting;
    std::string message;  // why it failed, or in which round it was left out
    Results results;
    Summary summary;
    std::optional<PairedComparison> against_first;  // none of the first itself
};

struct StudyResults {
    std::string name;
    std::filesystem::path folder;
    StudyStatus status = StudyStatus::done;
    std::string command;                   // to compute it again
    std::vector<VariantResults> variants;  // as in the study file
};

// Fills in summaries and comparisons with the first variant; p is corrected (Holm) over all of them.
void compare_variants(StudyResults& study);

// Those with a finished run first, by mean validation weighted F1, the best at the top, those that
// leak below the others; never by test.
std::vector<const VariantResults*> by_validation(const StudyResults& study);

// How a variant's scores scatter by split and by run on one split; none where only one of them varies.
std::optional<VarianceParts> variance_of(const Results& results, std::string_view metric);

std::string study_json(const StudyResults& study);      // summary.json
std::string study_markdown(const StudyResults& study);  // summary.md
std::string study_latex(const StudyResults& study);     // summary.tex: a table for booktabs
std::string study_runs_csv(const StudyResults& study);  // runs.csv: a line per run
std::string study_text(const StudyResults& study);      // for the terminal

}  // namespace kickdrum
