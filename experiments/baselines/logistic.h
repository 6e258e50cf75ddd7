// SPDX-License-Identifier: MIT
// Multinomial logistic regression with an L2 penalty on the weights but not on the intercepts, fitted by
// L-BFGS: minimises
//   C * sum over clips of weight * cross-entropy(softmax(W x + b), label) + |W|^2 / 2
// as scikit-learn's LogisticRegression does.
#pragma once

#include "experiments/baselines/classifier.h"

namespace kickdrum {

std::unique_ptr<Classifier> fit_logistic(const FitSpec& spec, const FitData& data);
std::unique_ptr<Classifier> logistic_from_json(const nlohmann::ordered_json& json);

}  // namespace kickdrum
