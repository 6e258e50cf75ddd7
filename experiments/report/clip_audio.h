// SPDX-License-Identifier: MIT
// Where a report finds the sound of a clip.
#pragma once

#include <filesystem>
#include <string>

#include "experiments/runs/results.h"

namespace kickdrum {

class ClipAudio {
 public:
    // The audio folder is the one of results.resolved_yaml; links are relative to `page`, the report's
    // folder.
    ClipAudio(const Results& results, std::filesystem::path page);

    // A link for the page, its odd characters written as %xx; empty where the file isn't there (any more).
    std::string link(const std::string& clip) const;
    bool available() const { return !folder_.empty(); }

 private:
    std::filesystem::path folder_;  // empty: unknown, or gone
    std::filesystem::path page_;
};

}  // namespace kickdrum
