// SPDX-License-Identifier: MIT
#include "nn/training/early_stopping.h"

namespace kickdrum {

EarlyStoppingDecision early_stopping(const EarlyStoppingSpec& spec, EarlyStoppingState& state, int epoch,
                                     double value) {
    if (epoch < spec.start_from_epoch) return {};
    ++state.wait;
    // A NaN makes each of these comparisons false.
    const bool better =
        spec.maximize ? value - spec.min_delta > state.best : value + spec.min_delta < state.best;
    if (!state.has_best || better) {
        state.best = value;
        state.has_best = true;
        state.best_epoch = epoch;
        state.wait = 0;
        return {.improved = true, .stop = false};
    }
    return {.improved = false, .stop = state.wait >= spec.patience && epoch > 0};
}

bool monitor_is_maximized(const std::string& monitor) {
    return monitor.ends_with("accuracy") || monitor.ends_with("f1");
}

}  // namespace kickdrum
