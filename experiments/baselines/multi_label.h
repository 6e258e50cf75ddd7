// SPDX-License-Identifier: MIT
#pragma once

#include "experiments/baselines/matrix.h"
#include "experiments/runs/run_result.h"

namespace kickdrum {

// Every class whose decision is above 0 is predicted, for clips that have one class each. Scores as
// scikit-learn's classification_report gives them for such predictions.
MultiLabelScores multi_label_scores(const Matrix& decisions, const std::vector<int>& labels);

}  // namespace kickdrum
