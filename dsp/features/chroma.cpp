// SPDX-License-Identifier: MIT
#include "dsp/features/chroma.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include "dsp/features/statistics.h"

namespace kickdrum {

namespace {

constexpr double kA0 = 27.5;

// In single precision, step by step as librosa does, because the histogram's bins have sharp borders.
struct Pitch {
    float hz;
    float height;
};

Pitch interpolate(const SpectralPeak& peak, double hz_per_bin) {
    const float curvature = peak.after + peak.before - 2 * peak.height;
    const float slope = (peak.after - peak.before) / 2;
    const float shift = std::abs(slope) >= std::abs(curvature) ? 0 : -slope / curvature;
    return {.hz = static_cast<float>((peak.bin + static_cast<double>(shift)) * hz_per_bin),
            .height = peak.height + 0.5F * slope * shift};
}

// The histogram's bin of a deviation in [-0.5, 0.5).
int tuning_index(float deviation) {
    const auto value = static_cast<double>(deviation);
    int index = std::clamp(static_cast<int>(std::floor((value + 0.5) * kTunings)), 0, kTunings - 1);
    if (value < tuning_of(index)) --index;
    if (value >= tuning_of(index + 1)) ++index;
    return std::clamp(index, 0, kTunings - 1);
}

}  // namespace

double tuning_of(int index) {
    return -0.5 + index * (1.0 / kTunings);
}

int estimate_tuning(std::span<const SpectralPeak> peaks, double hz_per_bin) {
    if (peaks.empty()) return kTunings / 2;
    std::vector<Pitch> pitches;
    std::vector<float> heights;
    pitches.reserve(peaks.size());
    heights.reserve(peaks.size());
    for (const SpectralPeak& peak : peaks) {
        pitches.push_back(interpolate(peak, hz_per_bin));
        heights.push_back(pitches.back().height);
    }
    const float median = median_of(heights);
    std::array<int, kTunings> counts{};
    for (const Pitch& pitch : pitches) {
        if (pitch.height < median) continue;
        const float semitones = 12 * std::log2(pitch.hz / static_cast<float>(kA0));
        float deviation = semitones - std::floor(semitones);
        if (deviation >= 0.5F) deviation -= 1;
        ++counts[static_cast<std::size_t>(tuning_index(deviation))];
    }
    return static_cast<int>(std::max_element(counts.begin(), counts.end()) - counts.begin());
}

BinRange pitch_range(int bins, double hz_per_bin) {
    const double highest = std::min(4000.0, (bins - 1) * hz_per_bin);
    const int first = std::max(1, static_cast<int>(std::ceil(150 / hz_per_bin)));
    return {.first = first,
            .end = std::clamp(static_cast<int>(std::ceil(highest / hz_per_bin)), first,
                              std::max(first, bins - 1))};
}

namespace {

BlockedWeights chroma_filters(int sample_rate, int n_fft, double tuning) {
    const int bins = n_fft / 2 + 1;
    const auto semitones_at = [&](int bin) {
        const double hz = static_cast<double>(sample_rate) * bin / n_fft;
        return kPitchClasses * std::log2(hz / (kA0 * std::exp2(tuning / kPitchClasses)));
    };
    BlockedWeights filters(kPitchClasses, bins);
    for (int k = 0; k < bins; ++k) {
        // The bin of 0 Hz is put one and a half octaves below the first.
        const double place = k == 0 ? semitones_at(1) - 1.5 * kPitchClasses : semitones_at(k);
        const double width = std::max(1.0, semitones_at(k + 1) - place);
        std::array<double, kPitchClasses> bumps{};
        double squares = 0;
        for (int c = 0; c < kPitchClasses; ++c) {
            double distance = std::fmod(place - c + 6 + 10 * kPitchClasses, kPitchClasses);
            if (distance < 0) distance += kPitchClasses;
            const double bump = std::exp(-0.5 * std::pow(2 * (distance - 6) / width, 2));
            bumps[static_cast<std::size_t>(c)] = bump;
            squares += bump * bump;
        }
        const double octave = std::exp(-0.5 * std::pow((place / kPitchClasses - 5) / 2, 2));
        for (int c = 0; c < kPitchClasses; ++c) {
            // Semitones count from A; the classes from C, three above.
            const double weight =
                bumps[static_cast<std::size_t>((c + 3) % kPitchClasses)] / std::sqrt(squares) * octave;
            filters.at(c, k) = static_cast<float>(weight);
        }
    }
    return filters;
}

}  // namespace

ChromaBank::ChromaBank(int sample_rate, int n_fft) : sample_rate_(sample_rate), n_fft_(n_fft) {}

BlockedMatrix ChromaBank::filters(int tuning) const {
    Filters& filters = filters_.at(static_cast<std::size_t>(tuning));
    std::call_once(filters.made,
                   [&] { filters.weights = chroma_filters(sample_rate_, n_fft_, tuning_of(tuning)); });
    return filters.weights->view();
}

void normalize_chroma(std::span<float> chroma) {
    const std::size_t frames = chroma.size() / kPitchClasses;
    for (std::size_t t = 0; t < frames; ++t) {
        float largest = 0;
        for (std::size_t c = 0; c < kPitchClasses; ++c) largest = std::max(largest, chroma[c * frames + t]);
        if (largest < std::numeric_limits<float>::min()) continue;
        for (std::size_t c = 0; c < kPitchClasses; ++c) chroma[c * frames + t] /= largest;
    }
}

}  // namespace kickdrum
