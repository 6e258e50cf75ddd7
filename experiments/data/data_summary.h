// SPDX-License-Identifier: MIT
// The data of an experiment as plain text, for `kickdrum check`.
#pragma once

#include <span>
#include <string>

#include "experiments/data/dataset.h"
#include "experiments/runs/results.h"

namespace kickdrum {

// Clips and groups of every class; rows left out and why; clips skipped and why; then for each split the
// clips of every class by part, and all groups. A group counts in each class that it has clips of, and once
// in the total. Lines end with \n.
std::string data_summary(const ClipTable& table, std::span<const Split> splits,
                         std::span<const SkippedClip> skipped);

}  // namespace kickdrum
