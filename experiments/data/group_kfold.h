// SPDX-License-Identifier: MIT
// One fold of scikit-learn's StratifiedGroupKFold(n_splits, shuffle=True, random_state=seed), to the row.
//
// Groups are shuffled, then sorted by falling deviation of their class counts (ties keep the shuffled order),
// and go one by one to the fold where the classes' shares then differ least between folds: the smallest mean
// over classes of the deviation over folds; among close ones the fold with the fewest clips.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace kickdrum {

// Up to scikit-learn 1.7 the shuffle moved the groups' class counts, but not the groups: what was balanced
// for one group's counts happened to another (scikit-learn issue 32478, mended in 1.8). Published splits have
// that history.
enum class GroupShuffle : std::uint8_t {
    counts_only,      // scikit-learn 0.24 to 1.7
    with_their_group  // scikit-learn 1.8 and later
};

// The fold (0 to folds - 1) of every clip; the indices of scikit-learn's i-th test set are those with fold i.
// `labels` are the classes of the clips; classes without clips don't count. `groups` are ordered by their
// bytes, as np.unique orders their code points. Throws std::invalid_argument for fewer than two folds or
// fewer groups than folds.
std::vector<int> stratified_group_folds(std::span<const int> labels, std::span<const std::string> groups,
                                        int folds, std::uint32_t seed, GroupShuffle shuffle);

}  // namespace kickdrum
