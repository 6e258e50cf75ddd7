// SPDX-License-Identifier: MIT
// Boosted trees by LightGBM (MIT licence), through its C functions; loaded when they are needed.
#pragma once

#include "experiments/baselines/classifier.h"

namespace kickdrum {

std::unique_ptr<Classifier> fit_lightgbm(const FitSpec& spec, const FitData& data);
std::unique_ptr<Classifier> lightgbm_from_json(const nlohmann::ordered_json& json);
std::string lightgbm_version();

}  // namespace kickdrum
