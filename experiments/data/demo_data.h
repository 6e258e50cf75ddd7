// SPDX-License-Identifier: MIT
// The built-in data set: procedural techno in five rhythms, with the snares of real data. Several clips come
// from one track and share its tempo, sounds, mix and file format, so a split must keep tracks together; a
// few labels are wrong. docs/demo_data.md tells what a linear model and a CNN reach.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

namespace kickdrum {

struct DemoOptions {
    std::uint64_t seed = 42;
    int tracks_per_style = 24;
    int clips_per_track = 4;
    double seconds = 3.5;         // of each clip
    double wrong_labels = 0.025;  // share of the clips whose label is of another style, exact to half a clip
    int threads = 0;              // 0: one per processor
};

struct DemoData {
    int clips = 0;
    int tracks = 0;
    std::filesystem::path experiment;  // folder/experiment.yaml
};

// Writes clips/, labels.csv and experiment.yaml. A function of the options but for `threads`: on one machine,
// to the byte. The folder may be new, empty, or the unchanged work of an earlier call, which is replaced;
// UserError (usage) for any other folder and for numbers out of range, UserError (failed) where writing
// fails. `progress(done, total)` is called after each clip, by one thread at a time; where it returns false
// the call stops with UserError (interrupted), and the folder is one that the next call takes over.
DemoData write_demo_data(const std::filesystem::path& folder, const DemoOptions& options,
                         const std::function<bool(std::int64_t, std::int64_t)>& progress = {});

}  // namespace kickdrum
