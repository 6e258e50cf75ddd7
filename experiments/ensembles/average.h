// SPDX-License-Identifier: MIT
// The results of an ensemble from those of its members: for each run the mean of the members' probabilities,
// clip by clip.
#pragma once

#include <string>
#include <vector>

#include "experiments/runs/results.h"

namespace kickdrum {

struct Member {
    std::string name;
    Results results;
};

// What all members share (classes, split seeds, clips that were skipped, environment) is the first one's; run r
// is the mean over the members' runs r, its seconds their sum. Runs have no history. Throws UserError naming the
// members that don't fit: one that isn't finished, other classes, another number of runs, another split, other
// clips in a part.
Results average_members(const std::vector<Member>& members, const std::string& name);

}  // namespace kickdrum
