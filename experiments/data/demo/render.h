// SPDX-License-Identifier: MIT
// The sound of one clip: a few seconds somewhere in a track.
#pragma once

#include <cstdint>
#include <vector>

#include "experiments/data/demo/track.h"

namespace kickdrum::demo {

// round(seconds * track.sample_rate) mono samples in [-1, 1]. `index` tells the clips of a track apart; they
// begin at another beat, and leave out or add hits of their own.
std::vector<float> render_clip(const Track& track, std::uint64_t seed, int track_index, int index,
                               double seconds);

}  // namespace kickdrum::demo
