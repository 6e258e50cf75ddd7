// SPDX-License-Identifier: MIT
// What a report says in words, worked out from the results: how far to trust the score, what to warn of,
// which clips and classes go wrong, whether the split leaks. No markup here.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "experiments/runs/results.h"
#include "experiments/statistics/intervals.h"

namespace kickdrum {

// How another draw of groups in the test part would move its weighted F1: a group bootstrap over the runs'
// mean, or, where each run has a split of its own, the mean over the runs' own intervals. None without runs
// or split file, and where clips have several classes.
struct TestSetUncertainty {
    Interval ci95;
    int clips = 0;  // of a run's test part
    int groups = 0;
    int resamples = 0;
    bool per_run = false;
};
std::optional<TestSetUncertainty> test_set_uncertainty(const Results& results);

struct PartCount {
    int clips = 0;
    int groups = 0;
};
struct SplitCounts {
    std::vector<std::array<PartCount, 3>> by_class;  // [class][part]
    std::array<PartCount, 3> by_part;
    int groups = 0;                   // in all parts
    std::vector<std::string> leaked;  // groups that are in more than one part
};
SplitCounts count_split(const SplitTable& split, int classes, bool sets = false);

struct WrongClip {
    std::string id;
    std::string group;            // empty: unknown
    int label = 0;                // as predicted: a class, or a set of them where clips have several
    int predicted = 0;            // most often, where it was wrong
    int wrong = 0;                // runs
    int tested = 0;               // runs that had it in their test part
    double confidence = 0;        // mean probability of the predicted class in the runs that were wrong
    double true_probability = 0;  // mean over all runs that tested it
};
// Clips of the test part, most often wrong first, then those whose own class got the least probability.
std::vector<WrongClip> most_often_wrong(const Results& results, int limit);

struct HardGroup {
    std::string group;
    int label = 0;        // of its first clip
    int clips = 0;        // that were in a test part
    int predictions = 0;  // over all runs
    int wrong = 0;        // of these
};
// Groups of the test part with several clips, most wrong predictions first, then the greater share of them.
std::vector<HardGroup> hardest_groups(const Results& results, int limit);

struct ConfusedPair {
    int label = 0;
    int predicted = 0;
    double clips = 0;  // mean over runs
    double share = 0;  // of the label's clips
};
// Test part, mean over runs, the largest counts first.
std::vector<ConfusedPair> most_confused(const Results& results, int limit);

// Whole sentences, the gravest first.
std::vector<std::string> warnings(const Results& results);

}  // namespace kickdrum
