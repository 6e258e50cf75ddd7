// SPDX-License-Identifier: MIT
// The signals of scripts/make_feature_reference.py, and what librosa says of them
// (tests/dsp/feature_reference.csv).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <map>
#include <numbers>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace kickdrum {

inline std::vector<float> lcg_noise(std::size_t count) {
    std::vector<float> samples;
    std::uint64_t state = 1;
    for (std::size_t i = 0; i < count; ++i) {
        state = (state * 1103515245 + 12345) % (std::uint64_t{1} << 31);
        samples.push_back(
            static_cast<float>(static_cast<double>(state) / static_cast<double>(1U << 31) - 0.5));
    }
    return samples;
}

template <class Formula>
std::vector<float> signal_of(int count, Formula formula) {
    std::vector<float> samples;
    for (int i = 0; i < count; ++i) samples.push_back(static_cast<float>(formula(i / 22050.0)));
    return samples;
}

inline std::map<std::string, std::vector<float>> feature_signals() {
    constexpr double kTurn = 2 * std::numbers::pi;
    std::map<std::string, std::vector<float>> signals;
    signals["silence"] = std::vector<float>(8192);
    signals["impulse"] = std::vector<float>(16384);
    signals["impulse"][5000] = 1;
    signals["sweep"] =
        signal_of(44100, [](double t) { return 0.8 * std::sin(kTurn * (100 * t + 2000 * t * t)); });
    signals["clipped"] =
        signal_of(44100, [](double t) { return std::clamp(4 * std::sin(kTurn * 110 * t), -1.0, 1.0); });
    signals["one_sample"] = {0.5F};
    signals["dc"] = std::vector<float>(8192, 0.5F);
    const auto noise = lcg_noise(6 * 22050);
    signals["kicks"] = signal_of(6 * 22050, [&](double t) {
        const double beat = std::fmod(t, 0.4);
        const double hiss = static_cast<double>(noise[static_cast<std::size_t>(std::lround(t * 22050))]);
        return 0.7 * std::exp(-8 * beat) * std::sin(300 * std::exp(-6 * beat)) + 0.05 * hiss;
    });
    signals["half_silent"] =
        signal_of(44100, [](double t) { return t < 1 ? 0 : 0.3 * std::sin(kTurn * 452 * t); });
    return signals;
}

// {signal: {feature: value}}
inline std::map<std::string, std::map<std::string, double>> feature_reference(
    const std::string& name = "feature_reference.csv") {
    std::ifstream file(std::string(KICKDRUM_SOURCE_DIR) + "/tests/dsp/" + name);
    std::map<std::string, std::map<std::string, double>> reference;
    std::vector<std::string> names;
    for (std::string line; std::getline(file, line);) {
        std::istringstream cells(line);
        std::string feature;
        std::getline(cells, feature, ',');
        std::size_t column = 0;
        for (std::string cell; std::getline(cells, cell, ','); ++column) {
            if (feature == "feature") {
                names.push_back(cell);
            } else {
                reference[names.at(column)][feature] = std::stod(cell);
            }
        }
    }
    return reference;
}

}  // namespace kickdrum
