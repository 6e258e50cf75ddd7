// SPDX-License-Identifier: MIT
// The parts of the page, each as markup; empty where there is nothing to say yet.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "experiments/report/findings.h"
#include "experiments/runs/results.h"
#include "experiments/runs/summary.h"

namespace kickdrum::html {

// What the whole page is about, computed once.
struct Page {
    const Results& results;
    Summary summary;
    std::optional<TestSetUncertainty> test_set;
    std::vector<const Results*> beside{};  // others, whose curves share the scales
    std::filesystem::path folder{};        // of the page; empty: that of the results
    int sketches = 20;                     // at most so many pictures of clips
};

std::string headline(const Page& page);  // the result, how far to trust it, warnings, facts, the command
std::string metrics_section(const Page& page);      // all metrics beside the published figures
std::string curves_section(const Page& page);       // learning curves over the runs
std::string confusion_section(const Page& page);    // mean matrices and scores by class
std::string baseline_section(const Page& page);     // of baselines: features, what was chosen
std::string mistakes_section(const Page& page);     // confused classes, clips most often wrong
std::string calibration_section(const Page& page);  // whether its probabilities can be believed
std::string data_section(const Page& page);     // clips and groups by class and part, leaks, skipped clips
std::string runs_section(const Page& page);     // each run by itself, folded
std::string details_section(const Page& page);  // config, environment, methods, folded

// Charts of loss, accuracy and validation F1, for some or all runs.
std::string learning_curves(const Page& page, int only_run = 0);
// Matrix and classification report of one run.
std::string run_scores(const Page& page, const RunResult& run);

}  // namespace kickdrum::html
