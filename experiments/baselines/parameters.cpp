// SPDX-License-Identifier: MIT
#include "experiments/baselines/parameters.h"

#include <fmt/format.h>

#include <array>

namespace kickdrum {
namespace {

constexpr NumberRange kAboveZero{.low = 0, .without_low = true};
constexpr NumberRange kNotNegative{.low = 0};
constexpr NumberRange kShare{.low = 0, .high = 1, .without_low = true};
constexpr NumberRange kCount{.low = 1, .high = 100'000};
constexpr NumberRange kSeed{.low = 0, .high = 2'147'483'647};

constexpr std::array kSvm = {
    ParameterInfo{"c", "cost of a clip on the wrong side", 1, kAboveZero},
    ParameterInfo{"gamma", "of the RBF kernel, times 1 / (features * their variance), which is 'scale'", 1,
                  kAboveZero},
};

constexpr std::array kLogistic = {
    ParameterInfo{"c", "inverse strength of the L2 penalty, as scikit-learn counts it", 1, kAboveZero},
    ParameterInfo{"iterations", "at most", 1000, kCount, true},
};

constexpr std::array kForest = {
    ParameterInfo{"n_estimators", "trees per class", 300, kCount, true},
    ParameterInfo{"max_depth", "levels of a tree", 12, {.low = 1, .high = 64}, true},
    ParameterInfo{"subsample", "share of the clips that a tree sees", 0.63, kShare},
    ParameterInfo{"colsample_bynode", "share of the features that a node chooses from", 0.3, kShare},
    ParameterInfo{"min_child_weight", "least weight of a leaf", 1, kNotNegative},
    ParameterInfo{"seed", "of the draws", 42, kSeed, true},
};

constexpr std::array kXgboost = {
    ParameterInfo{"n_estimators", "rounds of boosting, at most", 600, kCount, true},
    ParameterInfo{"max_depth", "levels of a tree", 6, {.low = 1, .high = 64}, true},
    ParameterInfo{"learning_rate", "weight of a tree", 0.1, kShare},
    ParameterInfo{"subsample", "share of the clips that a tree sees", 0.9, kShare},
    ParameterInfo{"colsample_bytree", "share of the features that a tree sees", 0.9, kShare},
    ParameterInfo{"min_child_weight", "least weight of a leaf", 1, kNotNegative},
    ParameterInfo{"gamma", "least gain of a split", 0, kNotNegative},
    ParameterInfo{"reg_alpha", "L1 penalty of the leaves", 0, kNotNegative},
    ParameterInfo{"reg_lambda", "L2 penalty of the leaves", 1, kNotNegative},
    ParameterInfo{"seed", "of the draws", 42, kSeed, true},
};

constexpr std::array kLightgbm = {
    ParameterInfo{"n_estimators", "rounds of boosting, at most", 2000, kCount, true},
    ParameterInfo{"learning_rate", "weight of a tree", 0.05, kShare},
    ParameterInfo{"num_leaves", "leaves of a tree, at most", 31, {.low = 2, .high = 131'072}, true},
    ParameterInfo{"max_depth", "levels of a tree; -1: any", -1, {.low = -1, .high = 64}, true},
    ParameterInfo{"min_child_samples", "clips in a leaf, at least", 20, kNotNegative, true},
    ParameterInfo{"min_split_gain", "least gain of a split", 0, kNotNegative},
    ParameterInfo{"feature_fraction", "share of the features that a tree sees", 0.9, kShare},
    ParameterInfo{"bagging_fraction", "share of the clips that a tree sees", 0.9, kShare},
    ParameterInfo{"bagging_freq", "rounds between two draws of these clips; 0: none", 5, kNotNegative, true},
    ParameterInfo{"reg_alpha", "L1 penalty of the leaves", 0, kNotNegative},
    ParameterInfo{"reg_lambda", "L2 penalty of the leaves", 0, kNotNegative},
    ParameterInfo{"seed", "of the draws", 42, kSeed, true},
};

}  // namespace

std::span<const ParameterInfo> parameters_of(BaselineKind kind) {
    switch (kind) {
        case BaselineKind::svm: return kSvm;
        case BaselineKind::logistic: return kLogistic;
        case BaselineKind::random_forest: return kForest;
        case BaselineKind::xgboost: return kXgboost;
        case BaselineKind::lightgbm: return kLightgbm;
        default: return {};
    }
}

Parameters default_parameters(BaselineKind kind) {
    Parameters parameters;
    for (const auto& one : parameters_of(kind)) parameters.emplace(one.name, one.value);
    return parameters;
}

std::string to_string(const Parameters& parameters) {
    std::string text;
    for (const auto& [name, value] : parameters)
        text += fmt::format("{}{}={}", text.empty() ? "" : " ", name, value);
    return text;
}

}  // namespace kickdrum
