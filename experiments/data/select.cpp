// SPDX-License-Identifier: MIT
#include "experiments/data/select.h"

namespace kickdrum {

ClipTable without_clips(const ClipTable& table, const std::vector<std::size_t>& clips) {
    std::vector<bool> kept(table.clips.size(), true);
    for (const std::size_t clip : clips) kept.at(clip) = false;
    ClipTable result{.classes = table.classes,
                     .clips = {},
                     .dropped = table.dropped,
                     .file = table.file,
                     .sets = table.sets,
                     .track_columns = table.track_columns};
    for (std::size_t i = 0; i < kept.size(); ++i) {
        if (kept[i]) result.clips.push_back(table.clips[i]);
    }
    return result;
}

}  // namespace kickdrum
