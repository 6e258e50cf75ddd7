// SPDX-License-Identifier: MIT
#include "experiments/data/demo/style.h"

#include <initializer_list>

namespace kickdrum::demo {
namespace {

std::vector<Hit> hits(std::initializer_list<int> ticks, double length = 0) {
    std::vector<Hit> result;
    for (const int tick : ticks) result.push_back({.tick = tick, .velocity = 1, .length = length});
    return result;
}

std::vector<Hit> every(int first, int step, double length = 0) {
    std::vector<Hit> result;
    for (int tick = first; tick < kTicksPerBar; tick += step) result.push_back({tick, 1, length});
    return result;
}

// A kick on each beat, and a rumble that rolls on right behind it.
Pattern four_floor() {
    return {.kick = every(0, kTicksPerBeat),
            .bass = every(3, kTicksPerBeat, 4),
            .snare = hits({12, 36}),
            .hat = {}};
}

// The "bouncy" one: kick on the beat, bass between the beats.
Pattern offbeat_bass() {
    return {.kick = every(0, kTicksPerBeat),
            .bass = every(6, kTicksPerBeat, 4),
            .snare = hits({12, 36}),
            .hat = {}};
}

// Kicks that leave the beat, as in electro and breakbeat.
Pattern broken(Draws& draws) {
    Pattern bar{.snare = hits({12, 36})};
    bar.kick = draws.chance(0.5) ? hits({0, 9, 18, 30}) : hits({0, 9, 21, 30});
    bar.bass = draws.chance(0.5) ? hits({3, 12, 24, 39}, 4) : hits({12, 24, 36, 42}, 4);
    return bar;
}

// Kick on the beat, bass and hats rolling in threes.
Pattern triplet() {
    Pattern bar{.kick = every(0, kTicksPerBeat), .snare = hits({12, 36})};
    for (int beat = 0; beat < kTicksPerBar; beat += kTicksPerBeat) {
        bar.bass.push_back({beat + 4, 1, 2.4});
        bar.bass.push_back({beat + 8, 1, 2.4});
    }
    return bar;
}

// As slow as half the tempo: the snare on the third beat only, the kicks around the first.
Pattern half_time(Draws& draws) {
    Pattern bar{.snare = hits({24, 27})};
    bar.snare[1].velocity = 0.5;
    bar.kick = draws.chance(0.5) ? hits({0, 6, 18, 33}) : hits({0, 6, 15, 39});
    bar.bass = hits({9, 42}, 8);
    return bar;
}

}  // namespace

Pattern draw_pattern(Style style, Draws& draws) {
    Pattern bar;
    switch (style) {
        case Style::four_floor: bar = four_floor(); break;
        case Style::offbeat_bass: bar = offbeat_bass(); break;
        case Style::broken: bar = broken(draws); break;
        case Style::triplet: bar = triplet(); break;
        case Style::half_time: bar = half_time(draws); break;
    }
    // Hats on the off-beats, on eighths or on sixteenths, whatever the style; triplets where it rolls in
    // threes.
    const int density = draws.below(3);
    const bool threes = style == Style::triplet;
    switch (density) {
        case 0: bar.hat = every(threes ? 8 : 6, kTicksPerBeat); break;
        case 1: bar.hat = every(0, threes ? 4 : 6); break;
        default: bar.hat = every(0, threes ? 4 : 3); break;
    }
    for (auto* part : {&bar.kick, &bar.bass, &bar.snare, &bar.hat}) {
        for (Hit& hit : *part) hit.velocity *= draws.between(0.85, 1);
    }
    return bar;
}

}  // namespace kickdrum::demo
