// SPDX-License-Identifier: MIT
// Everything a results folder says, in memory: what load_results() reads back and what the report is made of.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "experiments/data/dataset.h"
#include "experiments/runs/environment.h"
#include "experiments/runs/leak_check.h"
#include "experiments/runs/run_result.h"

namespace kickdrum {

enum class StudyStatus : std::uint8_t { running, interrupted, failed, done };
std::string_view to_string(StudyStatus status);

struct SkippedClip {
    std::string id;
    std::string reason;  // "clips/ab.mp3 can't be decoded"
};

// What is known before the first run: state.json, with the status.
struct Study {
    std::string name;
    int runs = 0;  // planned
    std::uint64_t seed = 0;
    std::vector<std::string> classes;
    bool sets = false;                        // clips may have several classes (label_sets.h)
    std::vector<std::uint32_t> split_seeds;   // one for all runs, or one per run
    std::map<std::string, double> published;  // by metric of summary.json
    std::string published_source;
    std::string model;       // one line for the headline: "CNN, 8.48 M parameters"; may be empty
    std::string experiment;  // the experiment file as given, for the command that reproduces this
    std::vector<SkippedClip> skipped;
    std::optional<LeakCheck> leaks;  // none before the data is known, and in folders of older versions
    std::string
        leaky_protocol;  // why its scores are too good to be believed; empty: nothing is known against them
};

struct SplitRow {
    std::string sample_id;
    std::string group;
    int label = 0;  // or a set of classes, as study.sets says
    Part part = Part::train;
};

struct SplitTable {
    std::uint32_t seed = 0;
    std::vector<SplitRow> rows;
};

// A run that has begun and has no metrics.json yet.
struct UnfinishedRun {
    int run = 0;
    std::vector<EpochRecord> history;
};

struct Results {
    std::filesystem::path folder;
    StudyStatus status = StudyStatus::done;
    Study study;
    Environment environment;
    std::string resolved_yaml;
    std::vector<SplitTable> splits;         // one for all runs, or one per run as in study.split_seeds
    std::vector<RunResult> runs;            // finished ones, by number
    std::vector<UnfinishedRun> unfinished;  // by number; several where runs train at the same time

    // The split of a run (from 1); null where split.csv isn't there.
    const SplitTable* split_of_run(int run) const;
};

}  // namespace kickdrum
