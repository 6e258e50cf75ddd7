// SPDX-License-Identifier: MIT
// The classical features (dsp/features/feature_set.h) of a table's clips: a matrix with named columns.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "dsp/features/feature_set.h"
#include "experiments/data/feature_cache.h"

namespace kickdrum {

struct FeatureTable {
    std::vector<std::string> names;  // of the columns
    std::vector<float> values;       // [clips, names.size()], in the order of the clips; a bad clip's are 0
    std::vector<BadClip> bad;        // in that order
    std::int64_t from_cache = 0;
    std::int64_t computed = 0;
    bool stopped = false;   // progress said so; the clips that weren't reached are 0
    std::string not_saved;  // why the cache couldn't be written; empty: it could

    std::span<const float> row(std::size_t clip) const {
        return std::span(values).subspan(clip * names.size(), names.size());
    }
};

// As load_features does it (experiments/data/feature_cache.h): on all cores, out of the cache where they are
// there.
FeatureTable load_feature_table(const ClipTable& clips, FeatureSet set, const FeatureOptions& options,
                                const FeatureProgress& progress);

// "sample_id,chroma_stft,...": a row per clip that isn't bad; numbers as short as they can be without loss.
std::string feature_csv(const ClipTable& clips, const FeatureTable& features);

// What load_feature_table computes clips with.
FeatureRecipe feature_set_recipe(FeatureSet set);

}  // namespace kickdrum
