// SPDX-License-Identifier: MIT
// Studies, run and checked: one variant after the other, each as `kickdrum run` does it, with its runs side
// by side. A variant that fails is reported, and the rest goes on.
#pragma once

#include "experiments/runs/experiment.h"
#include "experiments/studies/study_file.h"

namespace kickdrum {

// Leaves the study's folder options.out. A study of more than 100 runs needs `yes`: without, a UserError says
// how many they are and about how long they take. Returns done, failed where a variant did, or interrupted.
ExitCode run_study(const StudyPlan& plan, const RunOptions& options, bool yes);

// Goes on with the study of the folder options.out; variants that failed are tried again.
ExitCode resume_study(const RunOptions& options);

// Checks every variant as `kickdrum check` does; prints the first in full and a line for each.
ExitCode check_study(const StudyPlan& plan, const RunOptions& options);

}  // namespace kickdrum
