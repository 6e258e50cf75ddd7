// SPDX-License-Identifier: MIT
#include "experiments/baselines/classifier.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "experiments/baselines/lightgbm_model.h"
#include "experiments/baselines/logistic.h"
#include "experiments/baselines/svm.h"
#include "experiments/baselines/xgboost_model.h"

namespace kickdrum {

std::unique_ptr<Classifier> fit_classifier(const FitSpec& spec, const FitData& data) {
    switch (spec.kind) {
        case BaselineKind::svm: return fit_svm(spec, data);
        case BaselineKind::logistic: return fit_logistic(spec, data);
        case BaselineKind::random_forest:
        case BaselineKind::xgboost: return fit_xgboost(spec, data);
        case BaselineKind::lightgbm: return fit_lightgbm(spec, data);
        default: throw std::logic_error("votes aren't fitted");
    }
}

std::unique_ptr<Classifier> classifier_from_json(BaselineKind kind, const nlohmann::ordered_json& json) {
    switch (kind) {
        case BaselineKind::svm: return svm_from_json(json);
        case BaselineKind::logistic: return logistic_from_json(json);
        case BaselineKind::random_forest:
        case BaselineKind::xgboost: return xgboost_from_json(json);
        case BaselineKind::lightgbm: return lightgbm_from_json(json);
        default: throw std::invalid_argument("a kind of model that isn't saved");
    }
}

std::string require_library(BaselineKind kind) {
    switch (kind) {
        case BaselineKind::svm: return libsvm_version();
        case BaselineKind::random_forest:
        case BaselineKind::xgboost: return xgboost_version();
        case BaselineKind::lightgbm: return lightgbm_version();
        default: return {};
    }
}

std::vector<double> clip_weights(std::span<const int> labels, int classes, bool balanced) {
    std::vector<double> weights(labels.size(), 1);
    if (!balanced) return weights;
    for (std::size_t i = 0; i < labels.size(); ++i) {
        weights[i] = static_cast<double>(labels.size()) /
                     static_cast<double>(classes * std::ranges::count(labels, labels[i]));
    }
    return weights;
}

}  // namespace kickdrum
