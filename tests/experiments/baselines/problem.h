// SPDX-License-Identifier: MIT
// The small problem of baseline_reference.h, ready to fit.
#pragma once

#include "experiments/baselines/classifier.h"
#include "experiments/baselines/parameters.h"
#include "experiments/baselines/scaler.h"
#include "tests/experiments/baseline_reference.h"

namespace kickdrum::baseline_reference {

inline Matrix raw(std::size_t from, std::size_t to) {
    Matrix rows(to - from, kFeatures);
    for (std::size_t i = 0; i < rows.values.size(); ++i) rows.values[i] = kValues[from * kFeatures + i];
    return rows;
}

inline std::vector<int> labels(std::size_t from, std::size_t to) {
    return {kLabels.begin() + static_cast<std::ptrdiff_t>(from),
            kLabels.begin() + static_cast<std::ptrdiff_t>(to)};
}

// Standardised by the training rows; the test rows are what is watched.
inline FitData fit_data() {
    const Scaler scaler = fit_scaler(raw(0, kTrain), std::nullopt);
    return {.train = scaler.apply(raw(0, kTrain)),
            .labels = labels(0, kTrain),
            .classes = kClasses,
            .groups = {},
            .watch = scaler.apply(raw(kTrain, kRows)),
            .watch_labels = labels(kTrain, kRows)};
}

inline FitSpec fit_spec(BaselineKind kind, const Parameters& changes = {}) {
    FitSpec spec{.kind = kind, .parameters = default_parameters(kind)};
    for (const auto& [name, value] : changes) spec.parameters[name] = value;
    return spec;
}

// Whether the library of the kind is here: its tests are skipped otherwise.
inline bool has_library(BaselineKind kind) {
    try {
        require_library(kind);
        return true;
    } catch (const std::exception&) {
        return false;
    }
}

}  // namespace kickdrum::baseline_reference
