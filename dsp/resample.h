// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <vector>

namespace kickdrum {

// Changes the sampling rate (Hz, at least 1) of one channel: libsoxr's quality HQ over the whole signal at
// once, as librosa.resample does by default. The result has ceil(n * to / from) samples; at equal rates it's
// a copy. Throws std::invalid_argument for a rate below 1, std::runtime_error if libsoxr fails.
std::vector<float> resample(std::span<const float> samples, int from_rate, int to_rate);

}  // namespace kickdrum
