// SPDX-License-Identifier: MIT
// The data of an experiment, checked: labels, features, splits. What `run` trains on and `check` reports.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "experiments/config/experiment_config.h"
#include "experiments/data/dataset.h"
#include "experiments/data/duplicates.h"
#include "experiments/runs/results.h"
#include "kernels/device/buffer.h"

namespace kickdrum {

struct ExperimentData {
    ClipTable table;                        // without the clips that were skipped
    std::vector<float> images;              // [clips, height, width], by the table's order
    std::vector<SkippedClip> skipped;       // with data.on_bad_clip: skip
    std::vector<DuplicatePair> duplicates;  // clips of different groups with the same sound
    std::int64_t from_cache = 0;            // clips whose features were in the cache
    std::int64_t computed = 0;
    std::vector<std::string> warnings;  // what a person should know, but can train with
    bool stopped = false;               // `progress` said so; the rest isn't complete then
};

struct DataOptions {
    std::filesystem::path cache;
    int threads = 0;
    Context* context = nullptr;  // on whose device features are computed; null: the CPU
    // Called with the number of clips done; false stops.
    std::function<bool(std::int64_t done, std::int64_t total)> progress;
};

// The features of `labels`' clips. Throws UserError (exit code 3) with every clip that can't be used, unless
// the experiment skips them, and with every class that is left with too few groups.
ExperimentData load_experiment_data(const ExperimentConfig& config, const ClipTable& labels,
                                    const DataOptions& options);

// All images of `clips` clips on the context's device, where the runs read them. Throws UserError (exit code
// 4) where its memory is too small.
Buffer upload_images(Context& context, const std::vector<float>& images, std::int64_t clips);

// One split for all runs, or one per run.
std::vector<Split> make_splits(const ExperimentConfig& config, const ClipTable& table);

}  // namespace kickdrum
