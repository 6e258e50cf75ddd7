// SPDX-License-Identifier: MIT
#include "dsp/features/rhythm.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "dsp/window.h"

namespace kickdrum {

std::vector<float> onset_strength(const FrameMatrix& mel_db, int delay) {
    const auto frames = static_cast<std::size_t>(mel_db.frames);
    std::vector<float> rises(frames);
    for (int band = 0; band < mel_db.rows; ++band) {
        const auto row = mel_db.row(band);
        for (std::size_t t = 1; t < frames; ++t) rises[t] += std::max(0.0F, row[t] - row[t - 1]);
    }
    std::vector<float> strength(frames);
    for (std::size_t t = static_cast<std::size_t>(delay) + 1; t < frames; ++t) {
        strength[t] = rises[t - static_cast<std::size_t>(delay)] / static_cast<float>(mel_db.rows);
    }
    return strength;
}

int count_onsets(std::span<const float> strength, double frames_per_second) {
    const auto [low, high] = std::minmax_element(strength.begin(), strength.end());
    if (!(*high > *low)) return 0;
    std::vector<double> x;
    for (const float value : strength) {
        x.push_back(static_cast<double>(value - *low) /
                    (static_cast<double>(*high - *low) + std::numeric_limits<double>::min()));
    }
    constexpr double kStandsOut = 0.07;
    const auto short_time = static_cast<std::ptrdiff_t>(std::floor(0.03 * frames_per_second));
    const auto long_time = static_cast<std::ptrdiff_t>(std::floor(0.10 * frames_per_second));
    const std::ptrdiff_t size = std::ssize(x);
    const auto at = [&](std::ptrdiff_t n) { return x.begin() + std::clamp<std::ptrdiff_t>(n, 0, size); };
    int count = 0;
    for (std::ptrdiff_t n = 0; n < size; ++n) {
        const double here = x[static_cast<std::size_t>(n)];
        // Before the first frame there is nothing to look at.
        const double largest = *std::max_element(at(n - short_time), at(n + 1));
        const double mean = std::accumulate(at(n - long_time), at(n + long_time + 1), 0.0) /
                            static_cast<double>(at(n + long_time + 1) - at(n - long_time));
        if (here < largest || here < mean + kStandsOut) continue;
        ++count;
        n += short_time;  // deaf for a moment
    }
    return count;
}

namespace {

constexpr double kWindowSeconds = 8;
constexpr double kFastest = 320;  // beats per minute

// With half a window more on either side: a ramp up from zero, and down.
std::vector<double> with_ramps(std::span<const float> strength, std::size_t window) {
    const std::size_t margin = window / 2;
    std::vector<double> padded(strength.size() + 2 * margin + window);
    std::copy(strength.begin(), strength.end(), padded.begin() + static_cast<std::ptrdiff_t>(margin));
    for (std::size_t i = 0; i < margin; ++i) {
        const double part = static_cast<double>(i) / static_cast<double>(margin);
        padded[i] = part * static_cast<double>(strength.front());
        padded[2 * margin + strength.size() - 1 - i] = part * static_cast<double>(strength.back());
    }
    return padded;
}

// By lag: the mean over the frames of their windows' autocorrelations, each divided by its largest value,
// that at lag 0. In double precision: what is all but zero counts below, by its logarithm.
std::vector<double> mean_autocorrelation(std::span<const float> strength, std::size_t window) {
    const std::vector<double> padded = with_ramps(strength, window);
    const std::vector<double> weights = hann_window(static_cast<int>(window));
    std::vector<double> mean(window);
    std::vector<double> frame(2 * window);  // zeros behind the window
    std::vector<double> sums(window);
    for (std::size_t t = 0; t < strength.size(); ++t) {
        for (std::size_t i = 0; i < window; ++i) frame[i] = weights[i] * padded[t + i];
        std::fill(sums.begin(), sums.end(), 0.0);
        for (std::size_t i = 0; i < window; ++i) {
            const double x = frame[i];
            if (x == 0) continue;
            const double* const later = frame.data() + i;
            for (std::size_t lag = 0; lag < window - i; ++lag) sums[lag] += x * later[lag];
        }
        if (sums[0] < std::numeric_limits<double>::min()) continue;
        const double scale = 1 / (sums[0] * static_cast<double>(strength.size()));
        for (std::size_t lag = 0; lag < window; ++lag) mean[lag] += sums[lag] * scale;
    }
    return mean;
}

}  // namespace

double estimate_tempo(std::span<const float> strength, double frames_per_second, double start_bpm) {
    const auto window = static_cast<std::size_t>(kWindowSeconds * frames_per_second);
    const std::vector<double> agreement = mean_autocorrelation(strength, window);
    double best = -std::numeric_limits<double>::infinity();
    double tempo = 0;
    for (std::size_t lag = 1; lag < window; ++lag) {
        const double bpm = 60 * frames_per_second / static_cast<double>(lag);
        if (bpm >= kFastest) continue;
        const double octaves = std::log2(bpm) - std::log2(start_bpm);
        const double score = std::log1p(1e6 * agreement[lag]) - octaves * octaves / 2;
        if (score > best) {
            best = score;
            tempo = bpm;
        }
    }
    return tempo;
}

}  // namespace kickdrum
