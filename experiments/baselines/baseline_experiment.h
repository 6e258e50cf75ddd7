// SPDX-License-Identifier: MIT
// run_experiment (runs/experiment.h) for an experiment whose `baseline` is chosen: features, one fit per run,
// statistics, report.
#pragma once

#include "experiments/runs/experiment.h"

namespace kickdrum {

ExitCode run_baseline_experiment(const ExperimentConfig& config, const RunOptions& options);

}  // namespace kickdrum
