// SPDX-License-Identifier: MIT
// One C-SVC with RBF kernel per class against the rest, solved by libsvm on a kernel matrix that all classes
// share: what scikit-learn's OneVsRestClassifier(SVC()) does.
//   decision(x) = sum over support vectors of coefficient * exp(-gamma |x - v|^2) - rho
#pragma once

#include "experiments/baselines/classifier.h"

namespace kickdrum {

// A class without a training clip is never held to be present: its decision is -1.
std::unique_ptr<Classifier> fit_svm(const FitSpec& spec, const FitData& data);
std::unique_ptr<Classifier> svm_from_json(const nlohmann::ordered_json& json);
std::string libsvm_version();

}  // namespace kickdrum
