// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "dsp/clip_features.h"
#include "experiments/config/experiment_config.h"

namespace kickdrum {

// The words of `features.channels`.
std::vector<std::string> channel_names();

ClipFeatureSettings clip_feature_settings(const FeatureConfig& features);

}  // namespace kickdrum
