// SPDX-License-Identifier: MIT
// The split of an experiment: train, val and test, with all clips of a group in one part.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "experiments/config/experiment_config.h"
#include "experiments/data/dataset.h"
#include "experiments/data/group_kfold.h"
#include "experiments/diagnostics.h"

namespace kickdrum {

// Adds a problem for fewer groups than folds and for every class with fewer than three groups (one for each
// part).
void check_groups(const ClipTable& table, const SplitConfig& config, Problems& problems);

// scikit-learn's StratifiedGroupKFold(folds[0], shuffle=True, random_state=seed): its first fold is the rest,
// all else is train. Of the rest, the first fold of StratifiedGroupKFold(folds[1], ...) with the same seed is
// test, all else val. The default gives the rows of scikit-learn up to 1.7, with which the published splits
// were made; see group_kfold.h.
//
// Throws UserError (exit 3) for what check_groups finds, and where the rest has too few groups or a part gets
// no clip.
Split group_stratified_split(const ClipTable& table, const SplitConfig& config, std::uint32_t seed,
                             GroupShuffle shuffle = GroupShuffle::counts_only);

// scikit-learn's train_test_split(test_size=rest_share, stratify, random_state=seed), and of the rest again
// with test_share and the same seed: train, and then val and test. Groups don't count. Throws UserError (exit
// 3) where classes are too small.
Split stratified_split(const ClipTable& table, const SplitConfig& config, std::uint32_t seed);

// The one of the two that config.kind says, and what is to be checked before it.
Split make_split(const ClipTable& table, const SplitConfig& config, std::uint32_t seed);
void check_split(const ClipTable& table, const SplitConfig& config, Problems& problems);

// The clips of a part, as indices into the table that was split.
std::vector<std::int32_t> clips_of(const Split& split, Part part);

// What isn't wrong, but makes a result less telling: every class that a part has no clip of.
std::vector<std::string> split_warnings(const ClipTable& table, const Split& split);

// Throws std::logic_error if clips of one group are in two parts.
void check_no_leak(const ClipTable& table, const Split& split);

}  // namespace kickdrum
