// SPDX-License-Identifier: MIT
// Several experiments beside each other: mean, deviation and interval of the weighted F1 of validation and
// test, by the runs that are finished. The order is that of the arguments.
#pragma once

#include <filesystem>
#include <span>
#include <string>

#include "experiments/runs/summary.h"

namespace kickdrum {

struct ComparedResults {
    std::filesystem::path folder;
    Summary summary;
    int planned_runs = 0;
};

// "0.786 ± 0.012 [0.771, 0.801]"; a single run has its value alone, none a dash.
std::string mean_with_interval(const Summary& summary, std::string_view metric);

std::string comparison_text(std::span<const ComparedResults> all);      // for the terminal
std::string comparison_markdown(std::span<const ComparedResults> all);  // comparison.md

}  // namespace kickdrum
