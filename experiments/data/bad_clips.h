// SPDX-License-Identifier: MIT
// What is said of clips whose features can't be had.
#pragma once

#include <string>
#include <vector>

#include "experiments/data/dataset.h"
#include "experiments/data/feature_cache.h"

namespace kickdrum {

// "clip 'a' (clips/a.mp3): the file is empty ..."
std::string describe_bad_clip(const Clip& clip, const std::string& reason);

// Throws UserError (exit code 3) with each of them at its row of the label table; `how_to_skip` is the option
// that leaves them out instead.
[[noreturn]] void refuse_bad_clips(const ClipTable& table, const std::vector<BadClip>& bad,
                                   const std::string& how_to_skip);

}  // namespace kickdrum
