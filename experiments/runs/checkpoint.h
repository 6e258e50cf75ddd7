// SPDX-License-Identifier: MIT
// The state of a run that isn't finished, in a file of its checkpoint folder: all that training goes on from,
// to the bit. The file's name tells the optimiser steps done ("step-00000420.checkpoint"); the newest two are
// kept, so that there is one before a damaged one.
//
// Format: "kickdrum checkpoint 1\n", the length of the header (u64), the header (JSON: identity, fit state,
// history), the trainer's memory, XXH3-128 of all that stands before (2 x u64). Numbers are little-endian.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "experiments/runs/run_result.h"
#include "nn/training/fit.h"

namespace kickdrum {

// What must be the same for the same bits, by name: experiment, data, run, device, ...
using CheckpointIdentity = std::map<std::string, std::string>;

struct Checkpoint {
    CheckpointIdentity identity;
    FitState fit;
    std::vector<EpochRecord> history;
    int best_epoch = 0;  // from 1
    double seconds = 0;  // that were trained
    TrainerState trainer;
};

// Writes it, then removes all but the newest two. Throws UserError where it can't be written; those before
// are as they were then.
void write_checkpoint(const std::filesystem::path& folder, const Checkpoint& checkpoint);

struct FoundCheckpoint {
    std::optional<Checkpoint> checkpoint;  // the newest that can be used
    std::vector<std::string> refused;      // why others can't: whole sentences
};
// The folder may be missing. A file is refused that is damaged, or whose identity isn't `identity`.
FoundCheckpoint find_checkpoint(const std::filesystem::path& folder, const CheckpointIdentity& identity);

// Decides when a checkpoint is worth its time: each that wasn't asked for at once waits until the time since
// the last is 50 times what that took, so that they take at most 2 % of the training.
class CheckpointPace {
 public:
    using Clock = double (*)();  // seconds; only differences count
    explicit CheckpointPace(Clock clock);

    bool due() const;
    // Around the writing of one.
    void begin();
    double end();  // what it took

 private:
    Clock clock_;
    double begun_ = 0;
    double ended_ = 0;
    double cost_ = 0;
};

}  // namespace kickdrum
