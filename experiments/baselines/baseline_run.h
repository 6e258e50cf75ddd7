// SPDX-License-Identifier: MIT
// One run of a baseline: from features and the clips of each part to a RunResult and a model that can be
// saved. The result depends on its arguments, not on the number of threads.
#pragma once

#include <functional>

#include "experiments/baselines/baseline_data.h"
#include "experiments/baselines/baseline_model.h"
#include "experiments/baselines/folds.h"
#include "experiments/runs/training_run.h"
#include "kernels/device/thread_pool.h"

namespace kickdrum {

struct BaselineRun {
    const ExperimentConfig& config;
    const BaselineData& data;
    BaselineRows rows;
    int run = 1;                   // from 1
    std::filesystem::path folder;  // the results folder that this is a part of: other variants lie beside it
    ThreadPool* pool = nullptr;    // for a search; null: this thread alone
    std::function<bool()> go_on;   // false stops
};

TrainingRunOutcome run_baseline(const BaselineRun& run);

}  // namespace kickdrum
