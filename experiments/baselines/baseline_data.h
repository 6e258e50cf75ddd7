// SPDX-License-Identifier: MIT
// The classical features of an experiment's clips, from audio or from a table.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "experiments/baselines/matrix.h"
#include "experiments/config/experiment_config.h"
#include "experiments/data/dataset.h"
#include "experiments/data/feature_cache.h"
#include "experiments/runs/results.h"

namespace kickdrum {

struct FeatureColumns {
    std::vector<std::string> names;
    Matrix values;  // [clips, names]
};

// Where a baseline's features come from: "rich", or the file of its table.
std::string feature_source(const BaselineSpec& spec);

struct BaselineData {
    ClipTable table;                                 // without the clips that were skipped
    std::map<std::string, FeatureColumns> features;  // by source; rows in the order of the table
    std::vector<SkippedClip> skipped;
    std::vector<std::string> warnings;
    std::int64_t from_cache = 0;
    bool stopped = false;  // progress said so; nothing else is filled in then
};

// The features that these baselines need. Throws UserError (exit code 3) with every clip whose features can't
// be had, unless the experiment skips them, and with every feature that is no number.
BaselineData load_baseline_data(const ExperimentConfig& config, const std::vector<const BaselineSpec*>& specs,
                                const ClipTable& labels, const FeatureOptions& options,
                                const FeatureProgress& progress);

// The chosen baseline, and where it is a vote its members, which are fitted too.
std::vector<const BaselineSpec*> fitted_baselines(const ExperimentConfig& config);

}  // namespace kickdrum
