// SPDX-License-Identifier: MIT
// `kickdrum check`: everything that can be known before an experiment runs. The checks are those of `run`;
// then the network is built and trained for a few steps, to know its memory and to guess its time.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "experiments/config/experiment_config.h"
#include "experiments/data/dataset.h"
#include "experiments/runs/check_plans.h"
#include "experiments/runs/results.h"
#include "experiments/runs/run_scheduler.h"
#include "nn/model/model_spec.h"

namespace kickdrum {

class Progress;

struct CheckOptions {
    std::filesystem::path cache;
    int threads = 0;           // 0: one per processor
    std::string architecture;  // not empty: check for a GPU like this that needs not be here, "sm_90"
};

struct SplitCheck {
    std::uint32_t seed = 0;
    std::vector<std::array<int, 3>> clips;  // [class][part]
    std::array<int, 3> all_clips{};         // by part
    std::array<int, 3> groups{};            // by part
};

struct MemoryCheck {            // bytes
    std::int64_t features = 0;  // shared by all runs
    // Of each run that trains at the same time:
    std::int64_t parameters = 0;  // weights, gradients and the optimiser's moments
    std::int64_t best_weights = 0;
    std::int64_t activations = 0;  // and scratch, as planned for a full batch

    std::int64_t per_run() const { return parameters + best_weights + activations; }
    std::int64_t total(int parallel_runs) const { return features + parallel_runs * per_run(); }
};

// An estimate: a few steps were timed on this computer, as busy as it was then.
struct TimeCheck {
    double step_seconds = 0;   // of a training step on a full batch
    double epoch_seconds = 0;  // with validation
    double total_seconds =
        0;  // all epochs of all runs: early stopping makes it less. One run alone was timed
};

struct CheckReport {
    const ExperimentConfig* config = nullptr;
    int threads = 0;  // of all runs together
    RunPlan plan;
    Device device = Device::cpu;
    std::string simd;                            // of the CPU
    std::string gpu;                             // its name, where it computes
    std::string architecture;                    // of the GPU that was asked about, where it isn't here
    std::vector<ConvolutionCheck> convolutions;  // on it; nothing is timed then
    ClipTable table;                             // without the clips that are left out
    int groups = 0;
    std::vector<SkippedClip> skipped;
    std::int64_t from_cache = 0;
    std::int64_t computed = 0;
    std::vector<SplitCheck> splits;
    LeakCheck leaks;
    std::vector<LayerRow> layers;
    std::vector<std::pair<std::string, std::string>> implementations;
    MemoryCheck memory;
    TimeCheck time;
    std::vector<std::string> warnings;
    bool interrupted = false;  // nothing else is filled in then

    // Whether the network trains on the GPU that was asked about.
    bool plans() const {
        return std::ranges::all_of(convolutions, [](const ConvolutionCheck& one) { return one.plan.found; });
    }
};

// Throws UserError as run_experiment does. `config` must outlive the report.
CheckReport check_experiment(const ExperimentConfig& config, const CheckOptions& options, Progress& progress);

std::string to_text(const CheckReport& report);
std::string to_json(const CheckReport& report);

}  // namespace kickdrum
