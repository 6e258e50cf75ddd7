// SPDX-License-Identifier: MIT
#include "experiments/data/feature_table.h"

#include <fmt/format.h>
#include <sndfile.h>
#include <soxr.h>

#include <algorithm>
#include <memory>

#include "dsp/clip_features.h"
#include "experiments/data/scratch_pool.h"
#include "experiments/runs/csv.h"
#include "kernels/device/device.h"

namespace kickdrum {
namespace {

// To be raised whenever other code computes other features of the same set.
constexpr int kVersion = 1;

}  // namespace

FeatureRecipe feature_set_recipe(FeatureSet set) {
    const SimdLevel simd = best_simd_level();
    const auto plan = std::make_shared<const FeaturePlan>(set, simd);
    const auto scratches = std::make_shared<ScratchPool<FramePass::Scratch>>();
    // The libraries and the instruction set may change the last bits; so a cached result is always the one
    // that would be computed here and now.
    return {.settings = fmt::format("{} {} {} {} {}", to_string(set), kVersion, to_string(simd),
                                    ::sf_version_string(), ::soxr_version()),
            .values = plan->size(),
            .compute = [plan, scratches](const std::filesystem::path& audio, std::span<float> values) {
                const auto scratch = scratches->borrow();
                plan->compute(read_samples(audio, kFeatureSampleRate), *scratch, values);
            }};
}

FeatureTable load_feature_table(const ClipTable& clips, FeatureSet set, const FeatureOptions& options,
                                const FeatureProgress& progress) {
    FeatureLoad load = load_features(clips, feature_set_recipe(set), options, progress);
    return {.names = feature_names(set),
            .values = std::move(load.images),
            .bad = std::move(load.bad),
            .from_cache = load.from_cache,
            .computed = load.computed,
            .stopped = load.stopped,
            .not_saved = std::move(load.not_saved)};
}

std::string feature_csv(const ClipTable& clips, const FeatureTable& features) {
    std::string text = fmt::format("sample_id,{}\n", fmt::join(features.names, ","));
    auto bad = features.bad.begin();
    for (std::size_t i = 0; i < clips.clips.size(); ++i) {
        if (bad != features.bad.end() && bad->clip == i) {
            ++bad;
            continue;
        }
        text += csv_field(clips.clips[i].id);
        for (const float value : features.row(i)) fmt::format_to(std::back_inserter(text), ",{}", value);
        text += '\n';
    }
    return text;
}

}  // namespace kickdrum
