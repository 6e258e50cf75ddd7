// SPDX-License-Identifier: MIT
#include "experiments/data/demo/instruments.h"

#include <cmath>
#include <numbers>

#include "experiments/data/demo/filters.h"

namespace kickdrum::demo {
namespace {

constexpr double kTurn = 2 * std::numbers::pi;

// A falling exponential by multiplication: `seconds` to 1/e.
class Decay {
 public:
    Decay(double seconds, int sample_rate) : factor_(std::exp(-1 / (seconds * sample_rate))) {}
    double next() {
        const double now = value_;
        value_ *= factor_;
        return now;
    }

 private:
    double factor_;
    double value_ = 1;
};

// A sawtooth; aliasing is weak at the low notes it plays.
class Saw {
 public:
    Saw(double hz, int sample_rate, double phase = 0) : step_(hz / sample_rate), phase_(phase) {}
    double next() {
        phase_ += step_;
        phase_ -= std::floor(phase_);
        return 2 * phase_ - 1;
    }

 private:
    double step_;
    double phase_;
};

Samples silence(double seconds, int sample_rate) {
    return Samples(static_cast<std::size_t>(seconds * sample_rate), 0.0);
}

// 2 ms up at the start, 4 ms down at the end: no clicks.
double gate(std::size_t i, std::size_t count, int sample_rate) {
    const double begin = static_cast<double>(i) / (0.002 * sample_rate);
    const double end = static_cast<double>(count - i) / (0.004 * sample_rate);
    return std::fmin(1.0, std::fmin(begin, end));
}

}  // namespace

Samples kick_hit(const Track& track, Draws& noise) {
    Samples hit = silence(std::fmin(0.45, 5 * track.kick_decay), track.sample_rate);
    Decay body(track.kick_decay, track.sample_rate);
    Decay sweep(0.018, track.sample_rate);
    Decay click(0.003, track.sample_rate);
    double phase = 0;
    for (std::size_t i = 0; i < hit.size(); ++i) {
        phase += (track.kick_hz + track.kick_sweep_hz * sweep.next()) / track.sample_rate;
        hit[i] = std::sin(kTurn * phase) * body.next() + track.kick_click * noise.noise() * click.next();
        if (hit.size() - i < 200) hit[i] *= static_cast<double>(hit.size() - i) / 200;
    }
    return hit;
}

Samples bass_note(const Track& track, double seconds) {
    Samples note = silence(seconds, track.sample_rate);
    Saw saw(track.bass_hz, track.sample_rate);
    LowPass first(track.bass_cutoff_hz, track.sample_rate);
    LowPass second(track.bass_cutoff_hz, track.sample_rate);
    for (std::size_t i = 0; i < note.size(); ++i) {
        note[i] = track.bass_gain * gate(i, note.size(), track.sample_rate) * second(first(saw.next()));
    }
    return note;
}

Samples snare_hit(const Track& track, Draws& noise) {
    Samples hit = silence(5 * track.snare_decay, track.sample_rate);
    Biquad band = Biquad::band_pass(1800, 0.6, track.sample_rate);
    Decay decay(track.snare_decay, track.sample_rate);
    double phase = 0;
    for (double& sample : hit) {
        phase += track.snare_hz / track.sample_rate;
        sample =
            track.snare_gain * decay.next() * (1.5 * band(noise.noise()) + 0.4 * std::sin(kTurn * phase));
    }
    return hit;
}

Samples hat_hit(const Track& track, Draws& noise) {
    Samples hit = silence(5 * track.hat_decay, track.sample_rate);
    LowPass low(track.hat_hz, track.sample_rate);
    LowPass lower(track.hat_hz, track.sample_rate);
    Decay decay(track.hat_decay, track.sample_rate);
    for (double& sample : hit) {
        const double white = noise.noise();
        const double high = white - low(white);
        sample = track.hat_gain * decay.next() * (high - lower(high));
    }
    return hit;
}

void add_pad(const Track& track, double phase, Samples& clip) {
    Saw first(track.pad_hz, track.sample_rate, phase);
    Saw second(track.pad_hz * 1.498, track.sample_rate, 1 - phase);  // about a fifth above
    Biquad band = Biquad::band_pass(3 * track.pad_hz, 0.7, track.sample_rate);
    for (double& sample : clip) sample += track.pad_gain * band(first.next() + second.next());
}

}  // namespace kickdrum::demo
