// SPDX-License-Identifier: MIT
#include "experiments/data/demo/track.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

namespace kickdrum::demo {
namespace {

double decibels(double value) {
    return std::pow(10.0, value / 20);
}

// Evenly on a logarithmic scale.
double octaves(Draws& draws, double low, double high) {
    return low * std::pow(high / low, draws.uniform());
}

}  // namespace

Track draw_track(std::uint64_t seed, int index, Style style) {
    Draws rhythm(seed, fmt::format("demo/track/{}/rhythm", index));
    Draws sound(seed, fmt::format("demo/track/{}/sound", index));
    Draws file(seed, fmt::format("demo/track/{}/file", index));
    constexpr std::array kFormats = {AudioFormat::flac, AudioFormat::wav, AudioFormat::ogg, AudioFormat::mp3};
    Track track;
    track.style = style;
    track.pattern = draw_pattern(style, rhythm);
    track.bpm = rhythm.between(134, 146);
    track.swing = rhythm.between(0, 0.4);
    track.sample_rate = file.chance(0.25) ? 44100 : 22050;
    track.format = kFormats[static_cast<std::size_t>(file.below(4))];

    track.kick_hz = octaves(sound, 42, 62);
    track.kick_sweep_hz = octaves(sound, 100, 400);
    track.kick_decay = octaves(sound, 0.05, 0.1);
    track.kick_click = sound.between(0, 0.5);
    track.bass_hz = octaves(sound, 48, 90);
    track.bass_cutoff_hz = octaves(sound, 350, 1000);
    track.bass_gain = decibels(sound.between(0, 5));
    track.snare_hz = octaves(sound, 160, 260);
    track.snare_decay = octaves(sound, 0.03, 0.09);
    track.snare_gain = decibels(sound.between(-9, -3));
    track.hat_hz = octaves(sound, 4500, 8000);
    track.hat_decay = octaves(sound, 0.015, 0.05);
    track.hat_gain = decibels(sound.between(-20, -10));
    track.pad_hz = octaves(sound, 110, 440);
    track.pad_gain = decibels(sound.between(-42, -24));
    track.noise_gain = decibels(sound.between(-70, -46));
    track.drive = octaves(sound, 0.7, 4);
    track.tilt = decibels(sound.between(-8, 8));
    track.bell_hz = octaves(sound, 150, 5000);
    track.bell_db = sound.between(-8, 8);
    track.peak = decibels(sound.between(-14, -1));
    return track;
}

}  // namespace kickdrum::demo
