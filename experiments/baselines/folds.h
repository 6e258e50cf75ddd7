// SPDX-License-Identifier: MIT
// How the clips of a baseline are dealt out: the published split, and folds for searching.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "experiments/data/dataset.h"

namespace kickdrum {

// Clips by part, as indices into the table. Their order counts: boosting draws clips by their places.
struct BaselineRows {
    std::vector<std::int32_t> train;
    std::vector<std::int32_t> val;  // none in the published protocol
    std::vector<std::int32_t> test;
};

// The parts of a split, in the table's order.
BaselineRows rows_of_split(const Split& split);

// scikit-learn's train_test_split(test_size=0.2, random_state=seed) of the clips sorted by id without regard
// to case, as the published table of features has them. Clips of one track fall on both sides.
BaselineRows published_rows(const ClipTable& table, std::uint32_t seed);
// The same as parts of the table.
Split published_split(const ClipTable& table, std::uint32_t seed);

// The fold, 0 to folds - 1, of every clip: each has about the same share of the classes. With `groups` (one
// per clip), all clips of a group are in one fold; without (empty), clips are dealt out one by one. Throws
// UserError (exit code 3) for fewer groups or clips than folds.
std::vector<int> stratified_folds(std::span<const int> labels, std::span<const std::string> groups, int folds,
                                  std::uint32_t seed);

struct FoldRows {
    std::vector<std::int32_t> in;   // to fit on
    std::vector<std::int32_t> out;  // the fold itself
};
FoldRows rows_of_fold(std::span<const int> folds, int fold);

}  // namespace kickdrum
