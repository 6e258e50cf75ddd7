// SPDX-License-Identifier: MIT
// Training over epochs, as Keras' fit(): shuffled batches with the last partial one kept, validation at each
// epoch's end, learning-rate schedule, early stopping with the best weights restored at the end, whatever the
// reason for it.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "nn/training/trainer.h"

namespace kickdrum {

// What an epoch gave. Training figures are running ones: with the weights as they were at each step, dropout
// on.
struct EpochResult {
    int epoch = 0;  // from 0
    double loss = 0;
    double accuracy = 0;
    double val_loss = 0;
    double val_accuracy = 0;
    double val_weighted_f1 = 0;
    double learning_rate = 0;  // of the epoch's last step
    double seconds = 0;
    bool improved = false;  // the best so far, by early stopping's monitor
};

// Everything that decides how training goes on, beside weights and moments.
struct FitState {
    int next_epoch = 0;
    double plateau_rate_factor = 1;  // what reduce-on-plateau has made of the base rate
    ReduceOnPlateauState plateau;
    EarlyStoppingState stopping;
};

struct FitResult {
    int best_epoch = 0;  // from 0: whose weights the trainer holds now
    int epochs = 0;
    bool stopped_early = false;
    bool interrupted = false;
};

struct FitHooks {
    std::function<void(const EpochResult&)> on_epoch;
    // Called with the share of the epoch that is done, after each step (on CUDA at the epoch's end); returns
    // false to stop at once.
    std::function<bool(int epoch, double done)> go_on;
};

// The order of the training clips in an epoch: a Fisher-Yates shuffle with the stream "shuffle" of the seed.
std::vector<std::int32_t> shuffled(std::span<const std::int32_t> indices, std::uint64_t seed, int epoch);

FitResult fit(Trainer& trainer, const TrainingSpec& spec, const Dataset& dataset,
              std::span<const std::int32_t> train, std::span<const std::int32_t> val, std::uint64_t seed,
              const FitHooks& hooks);

}  // namespace kickdrum
