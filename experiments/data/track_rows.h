// SPDX-License-Identifier: MIT
// Which clips to cut out of which tracks, as a CSV table says it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "experiments/config/experiment_config.h"
#include "experiments/diagnostics.h"

namespace kickdrum {

struct TrackColumns {
    std::string start = "clip_start";
    // Those that may be missing; the name is the user's where `asked`, and the column must be there then.
    std::string end = "end";
    bool end_asked = false;
    std::string filename = "filename";
    bool filename_asked = false;
};

struct TrackClip {
    std::string id;
    std::string track;  // the file's name without extension, or its path below the audio folder
    double start = 0;   // seconds
    double end = 0;
    int row = 0;  // line of the table
};

struct TrackRows {
    bool by_filename = false;  // what TrackClip::track is
    std::vector<TrackClip> clips;
    int dropped = 0;  // rows that don't count by `classes` or `label`
    // What is wrong with single rows. Those of `notes` are clips nevertheless: clips of one track that
    // overlap.
    std::vector<Diagnostic> bad;
    std::vector<Diagnostic> notes;
};

// Reads data.labels: a row is a clip named by data.id, from the track data.group (or the file in the column
// `filename` where there is one), from `start` until `end`, or for `seconds` where there is no such column or
// it's empty. With data.classes or data.label, the rows that don't count are left out. Throws one UserError
// (exit 3) for a table that can't be read at all: no such file, missing columns.
TrackRows read_track_rows(const DataConfig& data, const TrackColumns& columns, double seconds);

}  // namespace kickdrum
