// SPDX-License-Identifier: MIT
// Scores of a classifier from its confusion matrix, by scikit-learn's conventions
// (precision_recall_fscore_support with zero_division=0): a score whose denominator is 0 is 0; the averages
// run over all classes, also those that never occur; "weighted" weighs each class by its support.
//   precision = tp / (tp + fp);  recall = tp / (tp + fn);  f1 = 2 tp / (2 tp + fp + fn)
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace kickdrum {

struct ClassScores {
    double precision = 0;
    double recall = 0;
    double f1 = 0;
    std::int64_t support = 0;  // samples whose label is this class
};

struct Classification {
    double accuracy = 0;
    double weighted_f1 = 0;
    double macro_f1 = 0;
    std::vector<ClassScores> per_class;
    std::vector<std::vector<std::int64_t>> confusion;  // rows: true class; columns: predicted class
};

// labels and predicted: equal length, values in [0, classes); throws std::invalid_argument otherwise.
// No samples at all: every score is 0.
Classification classify(std::span<const int> labels, std::span<const int> predicted, int classes);

// Index of the largest value, the first of equals; 0 for an empty span.
int argmax(std::span<const float> values);

}  // namespace kickdrum
