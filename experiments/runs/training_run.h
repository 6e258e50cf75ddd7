// SPDX-License-Identifier: MIT
// One training run of an experiment: from features and a split to a RunResult, with the best weights left in
// the trainer's parameters.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "experiments/config/experiment_config.h"
#include "experiments/data/band_sums.h"
#include "experiments/data/dataset.h"
#include "experiments/models/initial_weights.h"
#include "experiments/runs/checkpoint.h"
#include "experiments/runs/run_result.h"
#include "nn/training/fit.h"

namespace kickdrum {

struct TrainingRunHooks {
    // The run so far: its history, and the best epoch by early stopping's monitor (the last one without).
    std::function<void(const RunResult&)> on_epoch;
    std::function<bool(double done)> go_on;  // after each step, with the share of the epoch; false stops
    // Called once, before the first step: the epochs that were done before, by a checkpoint.
    std::function<void(const std::vector<EpochRecord>& history)> on_start;
    std::function<void(const std::string& warning)> on_warning;
};

// Where a run's state is kept while it trains, and found again.
struct CheckpointOptions {
    std::filesystem::path folder;  // empty: nowhere
    CheckpointIdentity identity;   // of the experiment and its data; run, device and network are added
};

// What a run gave beside its result.
struct TrainingRunOutcome {
    RunResult result;
    bool interrupted = false;  // `result` holds only the history then
    std::string weights;       // the bytes of model.safetensors; empty: there is none
    std::vector<std::pair<std::string, std::string>> files;  // others of the run's folder: name, content
    std::vector<std::pair<std::string, std::string>> implementations;
};

// Weights by class for the training part: config.class_weights, with balanced = N / (classes * N_c).
std::vector<float> class_weights(const ExperimentConfig& config, const ClipTable& table, const Split& split);

// The seed of the run's random streams: of initial weights, shuffling, dropout.
std::uint64_t run_seed(const ExperimentConfig& config, int run);

// A trainer on the context. Throws UserError (exit code 4) where the device's memory is too small, with the
// largest batch size that would fit.
std::unique_ptr<Trainer> make_trainer(Context& context, const ModelSpec& model, const Dataset& dataset,
                                      const TrainingSpec& spec, std::uint64_t seed);

// Goes on from the newest checkpoint in the folder that can be used, and gives the bits that it would have
// given without the stop; warns of those that can't. run counts from 1. `inputs` is [clips, height, width,
// channels], by the table's order. `bands`: of all clips, to standardise by those of the training part; null:
// the inputs as they are. `initial`: weights to begin with instead of random ones.
TrainingRunOutcome train_run(Context& context, const ExperimentConfig& config, const ClipTable& table,
                             const Split& split, Tensor inputs, const BandSums* bands, int run,
                             const TrainingRunHooks& hooks, const CheckpointOptions& checkpoints = {},
                             const InitialWeights& initial = {});

}  // namespace kickdrum
