// SPDX-License-Identifier: MIT
#include "experiments/data/bad_clips.h"

#include <fmt/format.h>

#include "experiments/diagnostics.h"

namespace kickdrum {

std::string describe_bad_clip(const Clip& clip, const std::string& reason) {
    if (clip.audio.empty()) return fmt::format("clip '{}': {}", clip.id, reason);
    return fmt::format("clip '{}' ({}): {}", clip.id, clip.audio.string(), reason);
}

void refuse_bad_clips(const ClipTable& table, const std::vector<BadClip>& bad,
                      const std::string& how_to_skip) {
    std::vector<Diagnostic> problems;
    for (const auto& [index, reason] : bad) {
        const Clip& clip = table.clips[index];
        problems.push_back({.message = describe_bad_clip(clip, reason),
                            .file = table.file.string(),
                            .line = clip.row,
                            .column = 1});
    }
    problems.push_back({.message = fmt::format(
                            "{} of {} clips can't be used; mend or remove them, or leave them out with {}",
                            bad.size(), table.clips.size(), how_to_skip),
                        .file = {}});
    throw UserError(ExitCode::data, std::move(problems));
}

}  // namespace kickdrum
