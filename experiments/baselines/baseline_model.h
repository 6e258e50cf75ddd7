// SPDX-License-Identifier: MIT
// A fitted baseline with everything that it takes to classify a clip: which features, how they are scaled,
// the model or the models of a vote with their weights, the classes. It is saved as one JSON document.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "experiments/baselines/classifier.h"
#include "experiments/baselines/scaler.h"

namespace kickdrum {

class BaselineModel {
 public:
    struct Member {
        double weight = 1;
        BaselineKind kind = BaselineKind::svm;
        std::string source;  // of the features: "published", "standard", "rich", or a table's file
        std::vector<std::string> names;  // of the features
        Scaler scaler;
        std::unique_ptr<Classifier> classifier;

        // Of rows of raw features.
        Matrix probabilities(const Matrix& raw) const { return classifier->probabilities(scaler.apply(raw)); }
    };

    std::vector<std::string> classes;
    std::vector<Member> members;  // one, or those of a vote

    // The sources of features that it needs.
    std::vector<std::string> sources() const;
    // [clips, classes]; `raw` gives the features of a source, [clips, names].
    Matrix probabilities(const std::function<const Matrix&(const std::string& source)>& raw) const;

    std::string to_json() const;
};

// Whether a file of this name holds one: model.json.
bool is_baseline_model(const std::string& file);

// Throws UserError: exit code 2 where the text is no such model or one of another version of the format, 4
// where its library isn't there. `file` is for messages.
BaselineModel read_baseline_model(const std::string& text, const std::string& file);

}  // namespace kickdrum
