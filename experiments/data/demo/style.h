// SPDX-License-Identifier: MIT
// The styles of the demo data set. They differ in when things sound, not in what sounds: every style plays
// the same four instruments about equally long, so that the average spectrum says little and the rhythm says
// all.
#pragma once

#include <array>
#include <string_view>
#include <vector>

#include "experiments/data/demo/draws.h"

namespace kickdrum::demo {

enum class Style { four_floor, offbeat_bass, broken, triplet, half_time };

// By Style; the columns of labels.csv.
inline constexpr std::array<std::string_view, 5> kStyleNames = {"four_floor", "offbeat_bass", "broken",
                                                                "triplet", "half_time"};

inline constexpr int kTicksPerBar = 48;  // 12 per beat: 3 are a sixteenth, 4 a triplet
inline constexpr int kTicksPerBeat = 12;

struct Hit {
    int tick = 0;         // in its bar
    double velocity = 1;  // factor of the amplitude
    double length = 0;    // ticks that a bass note is held
};

// One bar of four beats.
struct Pattern {
    std::vector<Hit> kick;
    std::vector<Hit> bass;
    std::vector<Hit> snare;
    std::vector<Hit> hat;
};

// A track's bar in the given style, with the variations that tracks of one style have.
Pattern draw_pattern(Style style, Draws& draws);

}  // namespace kickdrum::demo
