// SPDX-License-Identifier: MIT
// The features of all clips, computed on all cores or taken from the cache. A clip is known by its file's
// content, so a copy or a renamed file is found again, and a changed one isn't mistaken. What the cache can't
// give, because it's missing, damaged or not writable, is computed; a cache can always be deleted.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "experiments/config/experiment_config.h"
#include "experiments/data/dataset.h"

namespace kickdrum {

class Context;

struct BadClip {
    std::size_t clip = 0;  // index into the table
    std::string reason;    // a sentence; it doesn't name the file
};

struct FeatureOptions {
    std::filesystem::path cache;  // folder; made if need be. Empty: no cache
    int threads = 0;              // 0: one per processor
    Context* context = nullptr;   // on whose device features are computed; null: the CPU
};

struct FeatureLoad {
    std::vector<float> images;  // [clips, height, width] in the table's order; a bad clip's are 0
    std::vector<BadClip> bad;   // in the table's order
    std::int64_t from_cache = 0;
    std::int64_t computed = 0;
    bool stopped = false;   // progress said so; the clips that weren't reached are 0
    std::string not_saved;  // why the cache couldn't be written; empty: it could
};

// Called after every clip, by one thread at a time; false stops. May be empty.
using FeatureProgress = std::function<bool(std::int64_t done, std::int64_t total)>;

// Computes one clip into an image of zeros; throws AudioError for a bad one. Called by several threads.
using ComputeFeatures = std::function<void(const std::filesystem::path& audio, std::span<float> image)>;

// The same in two parts, for a device that takes many clips at once.
struct TogetherFeatures {
    // Throws AudioError for a bad clip. Called by several threads. `beside`: the last values of the image.
    std::function<std::vector<float>(const std::filesystem::path& audio, std::span<float> beside)> read;
    // images[i], without those, of clips[i], which doesn't depend on the others. Called by one thread at a time.
    std::function<void(std::span<const std::vector<float>> clips, std::span<const std::span<float>> images)>
        compute;
};

// How clips become features, for the cache.
struct FeatureRecipe {
    std::string settings;    // everything besides the clip that the result depends on
    std::size_t values = 0;  // floats per clip
    ComputeFeatures compute;
    std::optional<TogetherFeatures> together = {};  // instead of compute
    std::size_t beside = 0;                         // of the values: those that `together` reads
};

// Whether a fingerprint (dsp/fingerprint.h) follows each clip's image.
enum class Fingerprints : bool { without, with };

// On CUDA everything after the resampling but the fingerprint is computed on the device. The bits differ from
// the CPU's, so the settings do too, and the cache never mixes them. The context must outlive the recipe.
FeatureRecipe log_mel_recipe(const FeatureConfig& features, Context* context = nullptr,
                             Fingerprints fingerprints = Fingerprints::without);
// Of pictures: see picture.h.
FeatureRecipe picture_recipe(const FeatureConfig& features);

// What was computed is in the cache even if this is stopped or killed (but for the last few clips). The
// result doesn't depend on the number of threads. Errors other than AudioError are passed on.
FeatureLoad load_features(const ClipTable& table, const FeatureRecipe& recipe, const FeatureOptions& options,
                          const FeatureProgress& progress);
FeatureLoad load_features(const ClipTable& table, const FeatureConfig& features,
                          const FeatureOptions& options, const FeatureProgress& progress);

// $KICKDRUM_CACHE, else $XDG_CACHE_HOME/kickdrum, else ~/.cache/kickdrum; empty where there is no home
// either.
std::filesystem::path default_feature_cache();

}  // namespace kickdrum
