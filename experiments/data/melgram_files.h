// SPDX-License-Identifier: MIT
// Mel spectrograms of clips as files, one for each.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "experiments/config/experiment_config.h"
#include "experiments/data/dataset.h"
#include "experiments/data/feature_cache.h"

namespace kickdrum {

enum class MelgramKind : std::uint8_t {
    decibels,  // .npy only: float32 [n_mels, frames], the lowest band first
    picture,   // what a network sees, by FeatureConfig::image: .npy float32 [height, width] from 0 to 1, or a
               // grey .png; the highest band on top
    plot,      // .png only: in colour, with axes (mel_plot.h)
};
enum class MelgramFormat : std::uint8_t { npy, png };

struct MelgramSettings {
    FeatureConfig features;
    MelgramKind kind = MelgramKind::decibels;
    MelgramFormat format = MelgramFormat::npy;
    std::filesystem::path out;
    bool force = false;
    int threads = 0;  // 0: one per processor; each has one clip in memory
};

struct MelgramReport {
    std::int64_t written = 0;
    std::int64_t kept = 0;     // were there already, from an earlier call
    std::vector<BadClip> bad;  // no file was written for these
    bool stopped = false;
};

// Writes <out>/<id>.npy or .png of each clip. Throws UserError where the folder can't be written.
MelgramReport write_melgrams(const ClipTable& table, const MelgramSettings& settings,
                             const FeatureProgress& progress);

}  // namespace kickdrum
