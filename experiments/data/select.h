// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <vector>

#include "experiments/data/dataset.h"

namespace kickdrum {

// The table without the clips at these indices (in any order, repeats count once); the others keep their
// order. The classes stay, even where one loses all its clips. Throws std::out_of_range for an index that no
// clip has.
ClipTable without_clips(const ClipTable& table, const std::vector<std::size_t>& clips);

}  // namespace kickdrum
