// SPDX-License-Identifier: MIT
// Which tracks and clips there are, and what labels.csv says about them.
#pragma once

#include <string>
#include <vector>

#include "experiments/data/demo/track.h"
#include "experiments/data/demo_data.h"

namespace kickdrum::demo {

struct PlannedClip {
    std::string id;  // "track017_2"
    int track = 0;   // index into Plan::tracks
    int index = 0;   // among the clips of its track
    Style label{};   // as labels.csv has it: for a few clips not the track's style
    int start = 0;   // seconds from the beginning of the track
};

struct Plan {
    std::vector<Track> tracks;  // styles in random order
    std::vector<PlannedClip> clips;
};

Plan plan_demo_data(const DemoOptions& options);

std::string track_id(int track);  // "track017"

// The published columns: sample_id, spot_id, clip_start (m:ss), one 0/1 column per style.
std::string labels_csv(const Plan& plan);
// Its first line.
std::string labels_header();

}  // namespace kickdrum::demo
