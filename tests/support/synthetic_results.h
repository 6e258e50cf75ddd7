// SPDX-License-Identifier: MIT
// Made-up results of a made-up experiment, a function of nothing but the arguments: for tests of everything
// that comes after training. The predictions follow a confusion that differs by class, with tracks (groups)
// that are harder than others; the curves fall and rise as learning curves do.
#pragma once

#include <fmt/format.h>

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "experiments/runs/results.h"
#include "kernels/device/philox.h"

namespace kickdrum {

inline double synthetic_uniform(std::string_view purpose, std::uint64_t position) {
    return static_cast<double>(uniform01(philox(random_stream(7, purpose), position)[0]));
}

// Groups of 3 to 8 clips of one class each, two thirds of them in train, the rest in val and test.
inline SplitTable synthetic_split(int classes, int groups, std::uint32_t seed) {
    SplitTable split{.seed = seed, .rows = {}};
    for (int group = 0; group < groups; ++group) {
        const int label = group % classes;
        const int clips =
            3 + static_cast<int>(6 * synthetic_uniform("clips", static_cast<std::uint64_t>(group)));
        // Consecutive rounds over the classes go to parts in turn, from a start that depends on the seed.
        const int turn = (group / classes + static_cast<int>(seed)) % 6;
        const Part part = turn < 4 ? Part::train : turn == 4 ? Part::val : Part::test;
        for (int clip = 0; clip < clips; ++clip) {
            split.rows.push_back({.sample_id = fmt::format("track{:03}_{:04}", group, clip),
                                  .group = fmt::format("track{:03}", group),
                                  .label = label,
                                  .part = part});
        }
    }
    return split;
}

inline PartResult synthetic_part(const SplitTable& split, Part part, int classes, int run, double skill) {
    PartResult result;
    std::vector<int> labels;
    std::vector<int> predicted;
    double loss = 0;
    for (std::size_t i = 0; i < split.rows.size(); ++i) {
        const SplitRow& row = split.rows[i];
        if (row.part != part) continue;
        const auto position = static_cast<std::uint64_t>(run) * 1'000'000 + i;
        const double ease = skill + 0.55 * synthetic_uniform("track" + row.group, 0) - 0.3 +
                            (row.label == classes - 1 ? 0.2 : 0.0);
        const bool right = synthetic_uniform("right", position) < ease;
        const int other =
            (row.label + 1 + static_cast<int>(1.4 * synthetic_uniform("other", position))) % classes;
        const int guess = right ? row.label : other;
        const double top = 0.45 + 0.5 * synthetic_uniform("top", position);
        Prediction prediction{
            .sample_id = row.sample_id, .label = row.label, .predicted = guess, .probabilities = {}};
        for (int c = 0; c < classes; ++c) {
            prediction.probabilities.push_back(
                static_cast<float>(c == guess ? top : (1 - top) / (classes - 1)));
        }
        loss -= std::log(static_cast<double>(prediction.probabilities[static_cast<std::size_t>(row.label)]));
        labels.push_back(row.label);
        predicted.push_back(guess);
        result.predictions.push_back(std::move(prediction));
    }
    result.loss = labels.empty() ? 0 : loss / static_cast<double>(labels.size());
    result.scores = classify(labels, predicted, classes);
    return result;
}

inline std::vector<EpochRecord> synthetic_history(int run, int epochs) {
    std::vector<EpochRecord> history;
    for (int epoch = 1; epoch <= epochs; ++epoch) {
        const double noise = synthetic_uniform("noise", static_cast<std::uint64_t>(run * 1000 + epoch)) - 0.5;
        const double t = epoch;
        EpochRecord record;
        record.epoch = epoch;
        record.loss = 1.5 * std::exp(-t / 9) + 0.05 + 0.03 * noise;
        record.accuracy = 1 - 0.75 * std::exp(-t / 8) - 0.02 * noise;
        record.val_loss = 1.1 * std::exp(-t / 5) + 0.5 + 0.012 * std::max(0.0, t - 14) + 0.12 * noise;
        record.val_accuracy = 0.84 - 0.55 * std::exp(-t / 5) - 0.06 * noise;
        record.val_weighted_f1 = record.val_accuracy - 0.006;
        record.learning_rate = 0.001;
        record.seconds = 2.5 + 0.2 * noise;
        history.push_back(record);
    }
    return history;
}

inline RunResult synthetic_run(const SplitTable& split, int classes, int run) {
    RunResult result;
    result.run = run;
    result.seed = derived_seed(42, "run", static_cast<std::uint64_t>(run));
    const int best = 12 + static_cast<int>(8 * synthetic_uniform("best", static_cast<std::uint64_t>(run)));
    result.history = synthetic_history(run, best + 10);
    result.best_epoch = best;
    result.stopped_early = true;
    result.train = synthetic_part(split, Part::train, classes, run, 0.97);
    result.train.predictions.clear();
    result.val = synthetic_part(split, Part::val, classes, run, 0.8);
    result.test = synthetic_part(split, Part::test, classes, run, 0.74);
    result.seconds = {{"train", 2.5 * (best + 10)}, {"evaluate", 0.8}, {"total", 2.5 * (best + 10) + 0.8}};
    return result;
}

// `finished` of `planned` runs; one split for all, or as many seeds as runs.
inline Results synthetic_results(int planned, int finished, std::vector<std::uint32_t> split_seeds = {42},
                                 std::vector<std::string> classes = {"bouncy", "tekno", "warzone",
                                                                     "industrial", "non-techno-drop"}) {
    Results results;
    results.status = finished == planned ? StudyStatus::done : StudyStatus::interrupted;
    Study& study = results.study;
    study.name = "synthetic-main";
    study.runs = planned;
    study.seed = 42;
    study.classes = std::move(classes);
    study.split_seeds = std::move(split_seeds);
    study.model = "CNN of 11 layers, 8.48 M parameters";
    study.experiment = "synthetic_main.yaml";
    const int n = static_cast<int>(study.classes.size());
    for (const auto seed : study.split_seeds) results.splits.push_back(synthetic_split(n, 48 * n, seed));
    for (int run = 1; run <= finished; ++run) {
        results.runs.push_back(synthetic_run(*results.split_of_run(run), n, run));
    }
    results.environment.version = "0.1.0";
    results.environment.device = "cpu";
    results.environment.command = "kickdrum run synthetic_main.yaml";
    return results;
}

}  // namespace kickdrum
