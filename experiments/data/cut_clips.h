// SPDX-License-Identifier: MIT
// Cuts clips out of full tracks, mono, at each track's own rate or another one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <vector>

#include "experiments/data/encode_audio.h"
#include "experiments/data/track_rows.h"
#include "experiments/diagnostics.h"

namespace kickdrum {

struct CutSettings {
    std::filesystem::path audio;  // folder of the tracks, searched with the folders in it
    std::filesystem::path out;
    std::filesystem::path table;  // for messages
    AudioFormat format = AudioFormat::wav;
    int sample_rate = 0;  // 0: the track's own
    bool force = false;
    int threads = 0;  // 0: one per processor; each has one track in memory
};

struct CutReport {
    std::int64_t written = 0;
    std::int64_t kept = 0;          // were there already, from an earlier call
    std::vector<Diagnostic> bad;    // clips that weren't written, and why
    std::vector<Diagnostic> notes;  // clips that were written, but are shorter than asked for
    bool stopped = false;
};

// Called with the number of clips done and all, from one thread at a time; false stops.
using CutProgress = std::function<bool(std::int64_t done, std::int64_t total)>;

// Writes <out>/<id>.<extension> for each clip. Each track is decoded once, whatever the number of its clips,
// and not at all where all of them are there. Throws UserError for folders that can't be read or written.
CutReport cut_clips(const TrackRows& rows, const CutSettings& settings, const CutProgress& progress);

}  // namespace kickdrum
