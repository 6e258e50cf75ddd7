// SPDX-License-Identifier: MIT
#include "experiments/runs/results.h"

namespace kickdrum {

std::string_view to_string(StudyStatus status) {
    switch (status) {
        case StudyStatus::running: return "running";
        case StudyStatus::interrupted: return "interrupted";
        case StudyStatus::failed: return "failed";
        case StudyStatus::done: return "done";
    }
    return "";
}

const SplitTable* Results::split_of_run(int run) const {
    if (splits.size() == 1) return splits.data();
    const auto index = static_cast<std::size_t>(run - 1);
    return run >= 1 && index < splits.size() ? &splits[index] : nullptr;
}

}  // namespace kickdrum
