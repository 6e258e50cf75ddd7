// SPDX-License-Identifier: MIT
// What `kickdrum features` does: a table of classical features of clips, and what is behind them over time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "experiments/data/feature_table.h"

namespace kickdrum {

// <folder>/<id>.<feature>.npy of every clip and every matrix behind a set: [rows, frames]. The folder is
// made. Files that are there are written anew, each only when it's whole. Constant memory, on all cores. A
// file that can't be written is a UserError.
struct FrameFiles {
    std::int64_t written = 0;
    std::vector<BadClip> bad;  // in the table's order
    bool stopped = false;      // progress said so
};
FrameFiles write_frame_files(const ClipTable& clips, FeatureSet set, const std::filesystem::path& folder,
                             int threads, const FeatureProgress& progress);

}  // namespace kickdrum
