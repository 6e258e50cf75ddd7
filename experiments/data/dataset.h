// SPDX-License-Identifier: MIT
// The clips of an experiment: rows of the label table that were kept, in the table's order.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace kickdrum {

struct Clip {
    std::string id;
    std::string group;
    int label = 0;                      // index into ClipTable::classes, or a set of them (label_sets.h)
    int row = 0;                        // line of the label file, from 1 (the header is line 1)
    std::filesystem::path audio;        // the file found for it; empty: none
    std::vector<std::string> tracks{};  // what ClipTable::track_columns hold
};

// Rows of the label table that aren't clips of the experiment.
struct DroppedRows {
    std::string reason;  // follows the number: "with none of the classes"
    int rows = 0;
};

struct ClipTable {
    std::vector<std::string> classes;  // empty: clips without labels (their `label` is 0)
    std::vector<Clip> clips;
    std::vector<DroppedRows> dropped{};
    std::filesystem::path file{};              // the label table, for messages
    bool sets = false;                         // clips may have several classes, or none
    std::vector<std::string> track_columns{};  // other columns that seem to name the clip's track
};

enum class Part : std::uint8_t { train, val, test };
std::string_view to_string(Part part);

// The part of every clip of a table.
struct Split {
    std::uint32_t seed = 0;
    std::vector<Part> parts;
};

}  // namespace kickdrum
