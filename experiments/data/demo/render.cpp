// SPDX-License-Identifier: MIT
#include "experiments/data/demo/render.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "experiments/data/demo/filters.h"
#include "experiments/data/demo/instruments.h"

namespace kickdrum::demo {
namespace {

// Adds the part of `hit` that lies within the clip, from sample `begin` of the clip on (may be negative).
void place(const Samples& hit, std::int64_t begin, double gain, Samples& clip) {
    const auto first = std::max<std::int64_t>(0, -begin);
    const auto last = std::min<std::int64_t>(std::ssize(hit), std::ssize(clip) - begin);
    for (std::int64_t i = first; i < last; ++i) {
        clip[static_cast<std::size_t>(begin + i)] += gain * hit[static_cast<std::size_t>(i)];
    }
}

class Sequencer {
 public:
    Sequencer(const Track& track, Draws& draws, Samples& clip)
        : track_(track),
          draws_(draws),
          clip_(clip),
          samples_per_tick_(60.0 * track.sample_rate / (track.bpm * kTicksPerBeat)) {
        // Clips begin on a bar, as a cutter would set them, give or take 20 ms.
        start_ = draws.between(-0.02, 0.02) * track.sample_rate;
    }

    double samples_per_tick() const { return samples_per_tick_; }

    // `hit_of(hit)` gives the samples of one hit.
    template <class HitOf>
    void play(const std::vector<Hit>& bar, double omitted, HitOf hit_of) {
        const double end = start_ + static_cast<double>(clip_.size());
        for (int b = -1; b * kTicksPerBar * samples_per_tick_ < end; ++b) {
            for (const Hit& hit : bar) {
                const double loudness = hit.velocity * draws_.between(0.9, 1);
                if (draws_.chance(omitted)) continue;
                const double late = hit.tick % 6 == 3 ? track_.swing : 0;
                const double at = (b * kTicksPerBar + hit.tick + late) * samples_per_tick_ - start_;
                place(hit_of(hit), static_cast<std::int64_t>(std::llround(at)), loudness, clip_);
            }
        }
    }

 private:
    const Track& track_;
    Draws& draws_;
    Samples& clip_;
    double samples_per_tick_;
    double start_ = 0;
};

void master(const Track& track, Draws& noise, Samples& clip) {
    LowPass low(700, track.sample_rate);
    Biquad bell = Biquad::bell(track.bell_hz, track.bell_db, 0.8, track.sample_rate);
    double peak = 1e-9;
    for (double& sample : clip) {
        const double driven = std::tanh(track.drive * sample);
        const double lows = low(driven);
        sample = bell(lows + track.tilt * (driven - lows)) + track.noise_gain * noise.noise();
        peak = std::fmax(peak, std::fabs(sample));
    }
    for (double& sample : clip) sample *= track.peak / peak;
}

}  // namespace

std::vector<float> render_clip(const Track& track, std::uint64_t seed, int track_index, int index,
                               double seconds) {
    Draws draws(seed, fmt::format("demo/track/{}/clip/{}", track_index, index));
    Draws noise(seed, fmt::format("demo/track/{}/clip/{}/noise", track_index, index));
    Samples clip(static_cast<std::size_t>(std::llround(seconds * track.sample_rate)), 0.0);
    Sequencer sequencer(track, draws, clip);
    const Samples kick = kick_hit(track, noise);
    const Samples snare = snare_hit(track, noise);
    const Samples hat = hat_hit(track, noise);
    const Samples bass = bass_note(
        track, track.pattern.bass.front().length * sequencer.samples_per_tick() / track.sample_rate);
    sequencer.play(track.pattern.kick, 0.02, [&](const Hit&) -> const Samples& { return kick; });
    sequencer.play(track.pattern.bass, 0.02, [&](const Hit&) -> const Samples& { return bass; });
    sequencer.play(track.pattern.snare, 0.05, [&](const Hit&) -> const Samples& { return snare; });
    sequencer.play(track.pattern.hat, 0.08, [&](const Hit&) -> const Samples& { return hat; });
    add_pad(track, draws.uniform(), clip);
    master(track, noise, clip);
    return {clip.begin(), clip.end()};
}

}  // namespace kickdrum::demo
