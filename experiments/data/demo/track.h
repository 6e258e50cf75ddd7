// SPDX-License-Identifier: MIT
// What all clips of one track share: tempo, sounds, mix and file format. None of it depends on the style, so
// a model that learns the tracks by their sound does well on clips of the same tracks and badly on others.
#pragma once

#include <cstdint>

#include "experiments/data/demo/style.h"
#include "experiments/data/encode_audio.h"

namespace kickdrum::demo {

struct Track {
    Style style{};
    Pattern pattern;
    double bpm = 0;
    double swing = 0;  // ticks that every second sixteenth comes late
    int sample_rate = 0;
    AudioFormat format{};

    // Kick: a sine that falls from kick_hz + kick_sweep_hz to kick_hz. Decays are seconds to 1/e.
    double kick_hz = 0, kick_sweep_hz = 0, kick_decay = 0, kick_click = 0;
    double bass_hz = 0, bass_cutoff_hz = 0, bass_gain = 0;  // low-passed sawtooth
    double snare_hz = 0, snare_decay = 0, snare_gain = 0;   // noise and a sine
    double hat_hz = 0, hat_decay = 0, hat_gain = 0;         // noise above hat_hz
    double pad_hz = 0, pad_gain = 0;                        // two detuned sawtooths, band-passed, held
    double noise_gain = 0;                                  // white noise floor
    double drive = 0;                                       // into tanh
    double tilt = 0;                                        // factor between highs and lows
    double bell_hz = 0, bell_db = 0;                        // one band of an equaliser
    double peak = 0;                                        // loudness: the largest amplitude
};

Track draw_track(std::uint64_t seed, int index, Style style);

}  // namespace kickdrum::demo
