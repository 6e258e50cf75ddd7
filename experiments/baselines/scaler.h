// SPDX-License-Identifier: MIT
// Features on one scale: (x - mean) / deviation, both by the training clips alone; scikit-learn's
// StandardScaler (deviation over n; a constant feature is divided by 1, so that it becomes 0). Then cut at
// +-clip, where that is asked for.
#pragma once

#include <optional>
#include <vector>

#include "experiments/baselines/matrix.h"

namespace kickdrum {

struct Scaler {
    std::vector<double> mean;
    std::vector<double> scale;
    std::optional<double> clip;

    // The columns that don't vary among these rows.
    std::vector<std::size_t> constant_columns;

    Matrix apply(const Matrix& raw) const;
};

Scaler fit_scaler(const Matrix& raw, std::optional<double> clip);

}  // namespace kickdrum
