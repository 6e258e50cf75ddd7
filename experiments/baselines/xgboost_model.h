// SPDX-License-Identifier: MIT
// Boosted trees and random forests by XGBoost (Apache 2.0 licence), through its C functions; loaded when they
// are needed.
#pragma once

#include "experiments/baselines/classifier.h"

namespace kickdrum {

// A forest is one round of boosting with many trees at once.
std::unique_ptr<Classifier> fit_xgboost(const FitSpec& spec, const FitData& data);
std::unique_ptr<Classifier> xgboost_from_json(const nlohmann::ordered_json& json);
std::string xgboost_version();

}  // namespace kickdrum
