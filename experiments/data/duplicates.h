// SPDX-License-Identifier: MIT
// Clips of different groups that are the same sound: the same file, or the same piece as an acoustic
// fingerprint knows it (dsp/fingerprint.h), encoded anew or shifted by up to half a second.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "experiments/data/dataset.h"

namespace kickdrum {

struct DuplicatePair {
    std::size_t first = 0;  // clips of the table, first < second
    std::size_t second = 0;
    bool same_file = false;
    double shift = 0;       // seconds by which `second` begins later in the piece; may be below 0
    double difference = 0;  // share of the fingerprints' bits; 0 to kMostDifference
};

// Copies that were encoded anew and shifted differ in about 0.09 of the bits, and by chance it's 0.5
// (docs/experiment_file.md).
constexpr double kMostDifference = 0.25;

// In the table's order. fingerprints: [clips, kFingerprintFrames]. Clips that share less than two seconds are
// never near; the same file is always found, whatever its length. Reads only files whose fingerprints are
// equal.
std::vector<DuplicatePair> find_duplicates(const ClipTable& table, std::span<const float> fingerprints,
                                           double frame_seconds);

}  // namespace kickdrum
