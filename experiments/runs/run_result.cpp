// SPDX-License-Identifier: MIT
#include "experiments/runs/run_result.h"

#include "experiments/data/label_sets.h"

namespace kickdrum {

Classification scores_of(std::span<const Prediction> predictions, std::size_t classes, bool sets) {
    std::vector<int> labels;
    std::vector<int> predicted;
    for (const Prediction& one : predictions) {
        labels.push_back(one.label);
        predicted.push_back(one.predicted);
    }
    const auto count = static_cast<int>(classes);
    return sets ? classify_sets(set_rows(labels, classes), set_rows(predicted, classes), count)
                : classify(labels, predicted, count);
}

}  // namespace kickdrum
