// SPDX-License-Identifier: MIT
// The report of several variants: one file like html_report.h's. Headline, table of variants with intervals
// and tests, learning curves on shared scales, then for each variant its matrices, mistakes and calibration,
// folded, with a link to its own report.
#pragma once

#include <string>

#include "experiments/studies/study_results.h"

namespace kickdrum {

std::string html_study(const StudyResults& study);

}  // namespace kickdrum
