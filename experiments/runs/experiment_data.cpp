// SPDX-License-Identifier: MIT
#include "experiments/runs/experiment_data.h"

#include <fmt/format.h>

#include <algorithm>

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

// Takes the images of dropped clips out, in place.
void drop_images(std::vector<float>& images, std::size_t clip_size, const std::vector<std::size_t>& dropped) {
    std::size_t to = 0;
    const std::size_t clips = images.size() / clip_size;
    for (std::size_t clip = 0; clip < clips; ++clip) {
        if (std::binary_search(dropped.begin(), dropped.end(), clip)) continue;
        if (to != clip) {
            std::copy_n(images.begin() + static_cast<std::ptrdiff_t>(clip * clip_size), clip_size,
                        images.begin() + static_cast<std::ptrdiff_t>(to * clip_size));
        }
        ++to;
    }
    images.resize(to * clip_size);
}

}  // namespace

ExperimentData load_experiment_data(const ExperimentConfig& config, const ClipTable& labels,
                                    const DataOptions& options) {
    FeatureLoad load = load_features(
        labels, config.features,
        {.cache = options.cache, .threads = options.threads, .context = options.context}, options.progress);
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
    drop_images(data.images, static_cast<std::size_t>(config.features.clip_shape().count()), dropped);

    Problems problems;
    check_groups(data.table, config.split, problems);
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
    for (const auto seed : config.split.seeds)
        splits.push_back(group_stratified_split(table, config.split, seed));
    return splits;
}

}  // namespace kickdrum
