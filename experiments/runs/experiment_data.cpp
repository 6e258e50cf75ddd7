// SPDX-License-Identifier: MIT
#include "experiments/runs/experiment_data.h"

#include <fmt/format.h>

#include <algorithm>

#include "dsp/fingerprint.h"
#include "experiments/data/bad_clips.h"
#include "experiments/data/feature_cache.h"
#include "experiments/data/select.h"
#include "experiments/data/split.h"
#include "experiments/diagnostics.h"
#include "experiments/runs/memory_text.h"
#include "kernels/device/error.h"
#include "kernels/device/transfer.h"

namespace kickdrum {
namespace {

// Takes the images of dropped clips out, in place. What follows each image, its fingerprint, is returned.
std::vector<float> part_images(std::vector<float>& images, std::size_t image, std::size_t fingerprint,
                               const std::vector<std::size_t>& dropped) {
    std::vector<float> fingerprints;
    const std::size_t record = image + fingerprint;
    std::size_t kept = 0;
    for (std::size_t clip = 0; clip < images.size() / record; ++clip) {
        if (std::binary_search(dropped.begin(), dropped.end(), clip)) continue;
        const auto from = images.begin() + static_cast<std::ptrdiff_t>(clip * record);
        const auto end = from + static_cast<std::ptrdiff_t>(image);
        fingerprints.insert(fingerprints.end(), end, end + static_cast<std::ptrdiff_t>(fingerprint));
        std::copy(from, end, images.begin() + static_cast<std::ptrdiff_t>(kept * image));
        ++kept;
    }
    images.resize(kept * image);
    return fingerprints;
}

}  // namespace

ExperimentData load_experiment_data(const ExperimentConfig& config, const ClipTable& labels,
                                    const DataOptions& options) {
    const bool sounds = !config.features.pixels;
    const FeatureRecipe recipe = sounds ? log_mel_recipe(config.features, options.context, Fingerprints::with)
                                        : picture_recipe(config.features);
    FeatureLoad load =
        load_features(labels, recipe, {.cache = options.cache, .threads = options.threads}, options.progress);
    ExperimentData data;
    data.warnings = config.warnings;
    data.from_cache = load.from_cache;
    data.computed = load.computed;
    data.stopped = load.stopped;
    if (!load.not_saved.empty()) data.warnings.push_back(load.not_saved);
    if (data.stopped) return data;

    if (!load.bad.empty() && config.data.on_bad_clip == OnBadClip::stop) {
        refuse_bad_clips(labels, load.bad, "--set data.on_bad_clip=skip");
    }
    std::vector<std::size_t> dropped;
    for (const auto& [index, reason] : load.bad) {
        dropped.push_back(index);
        data.skipped.push_back(
            {.id = labels.clips[index].id, .reason = describe_bad_clip(labels.clips[index], reason)});
    }
    std::sort(dropped.begin(), dropped.end());
    data.table = without_clips(labels, dropped);
    data.images = std::move(load.images);
    const std::vector<float> fingerprints =
        part_images(data.images, static_cast<std::size_t>(config.features.clip_shape().count()),
                    sounds ? kFingerprintFrames : 0, dropped);
    if (sounds) {
        data.duplicates =
            find_duplicates(data.table, fingerprints,
                            FingerprintPlan(config.features.sample_rate, best_simd_level()).frame_seconds());
    }

    Problems problems;
    check_split(data.table, config.split, problems);
    problems.throw_if_any(ExitCode::data);
    return data;
}

Buffer upload_images(Context& context, const std::vector<float>& images, std::int64_t clips) {
    try {
        Buffer buffer(context, images.size() * sizeof(float));
        upload(context, images.data(), buffer.tensor({std::ssize(images)}));
        return buffer;
    } catch (const OutOfDeviceMemory& error) {
        throw UserError(ExitCode::environment,
                        clips_out_of_memory_text(clips, static_cast<std::int64_t>(error.needed()),
                                                 static_cast<std::int64_t>(error.free())));
    }
}

std::vector<Split> make_splits(const ExperimentConfig& config, const ClipTable& table) {
    std::vector<Split> splits;
    for (const auto seed : config.split.seeds) splits.push_back(make_split(table, config.split, seed));
    return splits;
}

}  // namespace kickdrum
