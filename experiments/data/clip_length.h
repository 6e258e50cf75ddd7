// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <vector>

#include "experiments/config/experiment_config.h"

namespace kickdrum {

// A clip's samples at features.sample_rate, brought to features.seconds (where there are any): longer ones
// lose their end; shorter ones get zeros (pad), are repeated (loop), or are bad (crop). With `error` every
// other length is bad, by more than 50 ms. Throws AudioError.
std::vector<float> read_clip(const std::filesystem::path& audio, const FeatureConfig& features);

// The same of samples.
void fit_length(std::vector<float>& samples, const FeatureConfig& features);

}  // namespace kickdrum
