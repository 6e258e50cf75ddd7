// SPDX-License-Identifier: MIT
// A fitted classical model: rows of standardised features in, probabilities of the classes out.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <vector>

#include "experiments/baselines/baseline_spec.h"
#include "experiments/baselines/matrix.h"

namespace kickdrum {

class Classifier {
 public:
    Classifier() = default;
    virtual ~Classifier() = default;
    Classifier(const Classifier&) = delete;
    Classifier& operator=(const Classifier&) = delete;

    // [rows, classes]; each row adds up to 1.
    virtual Matrix probabilities(const Matrix& rows) const = 0;
    // [rows, classes], above 0 where a class is held to be present; of svm alone, empty otherwise.
    virtual Matrix decisions(const Matrix&) const { return {}; }
    // By feature, how much the splits on it lower the loss; of trees alone.
    virtual std::vector<double> gains() const { return {}; }
    // Rounds of boosting that are used; 0 where there are none.
    virtual int rounds() const { return 0; }

    // Everything that classifier_from_json needs.
    virtual nlohmann::ordered_json to_json() const = 0;
};

struct FitData {
    Matrix train;
    std::vector<int> labels;
    int classes = 0;
    std::vector<std::string> groups;  // of the training rows; empty: folds needn't respect them
    // What stops boosting early: rows and their labels.
    Matrix watch;
    std::vector<int> watch_labels;
};

struct FitSpec {
    BaselineKind kind = BaselineKind::svm;
    Parameters parameters;
    bool balanced = true;
    bool platt = false;
    int stopping_rounds = 0;  // 0: all rounds
    int seed_offset = 0;      // added to the parameter `seed`

    double operator[](std::string_view name) const { return parameters.find(name)->second; }
    int whole(std::string_view name) const { return static_cast<int>((*this)[name]); }
};

// Fits on one thread: the result depends on nothing but its arguments. Throws UserError (exit code 4) where
// the model's library isn't there, (exit code 3) for data that can't be learned from.
std::unique_ptr<Classifier> fit_classifier(const FitSpec& spec, const FitData& data);

// What to_json gave. Throws UserError (exit code 4) where its library isn't there, and an exception of
// nlohmann where it isn't as it should be.
std::unique_ptr<Classifier> classifier_from_json(BaselineKind kind, const nlohmann::ordered_json& json);

// Throws UserError (exit code 4) where the library of the kind isn't there; otherwise what it is: "libsvm 3.24".
std::string require_library(BaselineKind kind);

// Labels of a part as weights of its clips: N / (classes * N_c), 1 where `balanced` is false.
std::vector<double> clip_weights(std::span<const int> labels, int classes, bool balanced);

}  // namespace kickdrum
