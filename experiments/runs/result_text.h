// SPDX-License-Identifier: MIT
// Results as plain text for the terminal: aligned columns, no colours, lines end with \n.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "experiments/runs/run_result.h"
#include "experiments/runs/summary.h"

namespace kickdrum {

// Averages of a part's per-class scores over its classes: plain (macro) and by support (weighted), as
// scikit-learn.
struct AveragedScores {
    ClassScores macro;
    ClassScores weighted;
};
AveragedScores averaged(const Classification& scores);

// The classification report of one part as scikit-learn prints it, mean over the runs; empty text for no
// runs.
std::string classification_report(std::span<const RunResult> results, PartResult RunResult::*part,
                                  std::span<const std::string> classes);
// The mean confusion matrix, rows true, columns predicted.
std::string confusion_table(std::span<const RunResult> results, PartResult RunResult::*part,
                            std::span<const std::string> classes);
// Mean, sd, 95 % interval and published figure of the metrics that matter most.
std::string metrics_table(const Summary& summary);

// "0.8 s", "41 s", "3 min 20 s", "1 h 05 min"
std::string duration_text(double seconds);

}  // namespace kickdrum
