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
    bool sets = false;      // by classify_sets
    double micro_f1 = 0;    // of sets only, as samples_f1
    double samples_f1 = 0;  // mean over the samples
    std::vector<ClassScores> per_class;
    // Rows: true class; columns: predicted class. Empty for sets.
    std::vector<std::vector<std::int64_t>> confusion;
};

// labels and predicted: equal length, values in [0, classes); throws std::invalid_argument otherwise.
// No samples at all: every score is 0.
Classification classify(std::span<const int> labels, std::span<const int> predicted, int classes);

// The same where a sample has any set of classes, [samples, classes] of 0 and 1: each class is a question of
// its own. Accuracy counts the samples whose set is exactly right; the F1 of a sample without any class, true or
// predicted, is 0, as scikit-learn's f1_score(average="samples", zero_division=0) has it.
Classification classify_sets(std::span<const std::uint8_t> labels, std::span<const std::uint8_t> predicted,
                             int classes);

// Index of the largest value, the first of equals; 0 for an empty span.
int argmax(std::span<const float> values);

}  // namespace kickdrum
