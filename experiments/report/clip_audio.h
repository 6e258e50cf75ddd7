// SPDX-License-Identifier: MIT
// Where a report finds the sound of a clip.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "experiments/runs/results.h"

namespace kickdrum {

class ClipAudio {
 public:
    // Files are found as the experiment found them: in folders within the audio folder, by a column of file names,
    // by class. Where its labels are gone or have changed, those named by the clip in the audio folder itself.
    // Links are relative to `page`, the report's folder.
    ClipAudio(const Results& results, std::filesystem::path page);

    // Empty where it isn't there (any more).
    std::filesystem::path file(const std::string& clip) const;
    // A link for the page, its odd characters written as %xx; empty where browsers can't play the file.
    std::string link(const std::string& clip) const;
    bool available() const { return !folder_.empty(); }

 private:
    std::map<std::string, std::filesystem::path> files_;  // by clip
    std::filesystem::path folder_;                        // empty: unknown, or gone
    std::filesystem::path page_;
};

}  // namespace kickdrum
