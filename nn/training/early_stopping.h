// SPDX-License-Identifier: MIT
// Keras 3's EarlyStopping as a state machine over plain data (so that a run can be resumed exactly).
//   improvement: the first value, or value + min_delta < best (minimise), value - min_delta > best (maximise); strict,
//   and NaN never improves, except that the first value is always taken. After `patience` epochs in a row without
//   improvement training stops; the very first epoch never stops it (patience 0 behaves as 1).
#pragma once

#include <string>

namespace kickdrum {

struct EarlyStoppingSpec {
    std::string monitor = "val_loss";  // a column of history.csv
    bool maximize = false;
    int patience = 10;
    double min_delta = 0;
    int start_from_epoch = 0;
    bool restore_best_weights = true;
};

struct EarlyStoppingState {
    double best = 0;
    bool has_best = false;
    int best_epoch = -1;  // from 0
    int wait = 0;
};

struct EarlyStoppingDecision {
    bool improved = false;  // keep these weights
    bool stop = false;
};

// To be called at the end of each epoch (epoch counts from 0).
EarlyStoppingDecision early_stopping(const EarlyStoppingSpec& spec, EarlyStoppingState& state, int epoch,
                                     double value);

// Whether a larger value of this history column is better: losses fall, accuracy and F1 rise.
bool monitor_is_maximized(const std::string& monitor);

}  // namespace kickdrum
