// SPDX-License-Identifier: MIT
// Whether the test part is new to the model: the same audio in two parts of a split, and groups that put one
// track on both sides.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "experiments/data/dataset.h"
#include "experiments/data/duplicates.h"

namespace kickdrum {

// Two clips of different groups that are the same sound and lie in two parts of a split.
struct LeakedPair {
    std::string first, first_group, first_part;  // "train"
    std::string second, second_group, second_part;
    std::uint32_t split_seed = 0;  // of the first split that parts them
    bool same_file = false;
    double shift = 0;       // seconds by which the second begins later in the piece
    double difference = 0;  // share of the fingerprints' bits
};

// A column that seems to name the tracks, but isn't what the split goes by.
struct PartedColumn {
    std::string column;
    int tracks = 0;  // that have a name
    int parted = 0;  // of these, with clips in two parts of a split
};

struct LeakCheck {
    int clips = 0;                      // that were compared
    std::vector<LeakedPair> pairs;      // in the table's order
    int pairs_together = 0;             // the same sound in two groups that lie in one part of every split
    std::vector<PartedColumn> columns;  // only those with parted tracks
};

LeakCheck check_leaks(const ClipTable& table, std::span<const Split> splits,
                      std::span<const DuplicatePair> duplicates);

// "the same file", "nearly the same audio, 0.31 s later (10 % of its fingerprint differs)"
std::string describe(const LeakedPair& pair);

// Whole sentences, the gravest first; at most `most_pairs` pairs are named.
std::vector<std::string> leak_warnings(const LeakCheck& check, std::size_t most_pairs);

}  // namespace kickdrum
