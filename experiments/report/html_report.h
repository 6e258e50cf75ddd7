// SPDX-License-Identifier: MIT
// report.html: one file that needs nothing else, no network and no script. It answers in this order: the
// result and how far to trust it, all metrics, learning curves, confusion, where it fails, the data,
// everything else folded. Also made while an experiment runs: then it says so and reloads itself.
#pragma once

#include <string>

#include "experiments/runs/results.h"

namespace kickdrum {

// The whole page. Numbers come from results.runs alone.
std::string html_report(const Results& results);

}  // namespace kickdrum
