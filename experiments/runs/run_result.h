// SPDX-License-Identifier: MIT
// What one training run leaves behind, in memory; results_folder.h writes and reads it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "nn/metrics/classification.h"

namespace kickdrum {

// One line of history.csv. `epoch` counts from 1.
struct EpochRecord {
    int epoch = 0;
    double loss = 0;
    double accuracy = 0;
    double val_loss = 0;
    double val_accuracy = 0;
    double val_weighted_f1 = 0;
    double learning_rate = 0;
    double seconds = 0;
};

// One line of predictions_<part>.csv: what every printed number is computed from.
struct Prediction {
    std::string sample_id;
    int label = 0;  // or a set of classes, as `predicted` (experiments/data/label_sets.h)
    int predicted = 0;
    std::vector<float> probabilities;  // by class
};

struct PartResult {
    double loss = 0;  // mean cross-entropy of the predictions, unweighted
    Classification scores;
    std::vector<Prediction> predictions;
};

// Of predictions that may hold several classes of a clip or none: each class by itself, and the averages of
// scikit-learn (micro: over all decisions).
struct MultiLabelScores {
    double weighted_f1 = 0;
    double macro_f1 = 0;
    double micro_f1 = 0;
    std::vector<ClassScores> per_class;
};

// How much a model relies on related features (baselines/importance.h).
struct FamilyImportance {
    std::string family;
    int features = 0;
    std::optional<double> gain;
    double permutation = 0;
};

// From the predictions, as everything that is printed.
Classification scores_of(std::span<const Prediction> predictions, std::size_t classes, bool sets);

struct RunResult {
    int run = 0;  // from 1
    std::uint64_t seed = 0;
    std::vector<EpochRecord> history;
    int best_epoch = 0;  // from 1
    bool stopped_early = false;
    // From which probability on each class counts as present, chosen on the validation part; empty where clips
    // have one class.
    std::vector<double> thresholds;
    PartResult train;
    PartResult val;
    PartResult test;
    // Of baselines alone:
    std::optional<MultiLabelScores> multi_label;  // of the test part
    std::map<std::string, double> chosen;         // parameters that a search, weights that a vote has chosen
    std::vector<FamilyImportance> importance;     // by falling permutation
    // "train", of which "checkpoint" for saving, "evaluate", "total"
    std::map<std::string, double> seconds;
};

}  // namespace kickdrum
