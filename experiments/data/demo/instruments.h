// SPDX-License-Identifier: MIT
// The sounds of a track: single hits that the renderer places on the beat. Mono samples at the track's rate.
#pragma once

#include <vector>

#include "experiments/data/demo/track.h"

namespace kickdrum::demo {

using Samples = std::vector<double>;

Samples kick_hit(const Track& track, Draws& noise);
Samples bass_note(const Track& track, double seconds);
Samples snare_hit(const Track& track, Draws& noise);
Samples hat_hit(const Track& track, Draws& noise);

// Adds the pad to a clip; `phase` in [0, 1) is where its oscillators stand.
void add_pad(const Track& track, double phase, Samples& clip);

}  // namespace kickdrum::demo
