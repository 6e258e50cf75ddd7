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

// Everything that decides how training goes on, beside the trainer's own state. Shuffling and dropout have
// none: they follow from the seed, the epoch and the step.
struct FitState {
    int next_epoch = 0;
    EpochProgress progress;  // of that epoch
    int best_epoch = 0;      // from 0
    bool has_best = false;   // the trainer's snapshot holds its weights
    bool stopped_early = false;
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
    // Called with the share of the epoch that is done, after each step (on CUDA as Trainer::GoOn says);
    // returns false to stop at once.
    std::function<bool(int epoch, double done)> go_on;
    // Where training could go on from: after each epoch, and where go_on stopped it (`interrupted`). The
    // trainer's state belongs to it.
    std::function<void(const FitState&, bool interrupted)> on_state;
};

// The order of the training clips in an epoch: a Fisher-Yates shuffle with the stream "shuffle" of the seed.
std::vector<std::int32_t> shuffled(std::span<const std::int32_t> indices, std::uint64_t seed, int epoch);

// `start`: what on_state gave, with the trainer in the state of that moment; training then gives the bits
// that it would have given without the stop.
FitResult fit(Trainer& trainer, const TrainingSpec& spec, const Dataset& dataset,
              std::span<const std::int32_t> train, std::span<const std::int32_t> val, std::uint64_t seed,
              const FitHooks& hooks, const FitState& start = {});

}  // namespace kickdrum
