// SPDX-License-Identifier: MIT
// Two finished results beside each other: which runs of them are pairs, how the scores differ over these, and
// what that is worth. A difference is `other` minus `first`.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "experiments/runs/results.h"
#include "experiments/statistics/intervals.h"
#include "experiments/statistics/paired_tests.h"
#include "experiments/statistics/resampling.h"

namespace kickdrum {

// The runs of both that have the same number, seed and split.
struct Pairing {
    std::vector<std::pair<const RunResult*, const RunResult*>> runs;  // first, other
    bool splits_vary = false;                                         // between the pairs
    double test_over_train = 0;  // clips of the test part by those of the training part, mean over the pairs
    std::string why_not;         // a sentence, where there are no pairs
};
// The results must outlive it.
Pairing pair_runs(const Results& first, const Results& other);

struct MetricDifference {
    std::string metric;  // "test.weighted_f1"
    std::vector<double> differences;
    Description description;         // mean, sd and Student's interval of the differences
    std::optional<BcaInterval> bca;  // of their mean
    TestResult t;                    // corrected for shared clips where the splits vary
    TestResult sign_flip;
    TestResult wilcoxon;
    std::optional<double> holm_p;  // of the sign-flip test, over all variants of a study
    std::optional<double> dz;
    double a12 = 0;                        // over all pairs of runs
    double superiority = 0;                // over the paired runs
    std::optional<StochasticOrder> order;  // of `other` over `first`
    // With other tracks in the test part: a bootstrap over its groups, both drawn alike. Of test metrics,
    // with one split.
    std::optional<GroupBootstrap> test_set;
};

struct PairedComparison {
    Pairing pairing;
    std::vector<MetricDifference> metrics;  // none without pairs
};
// Of validation and test weighted F1.
PairedComparison compare_runs(const Results& first, const Results& other);

// What the difference of a metric is worth, in words: the verdict, and what n could decide it.
std::string verdict(const MetricDifference& difference);
std::string power_statement(const MetricDifference& difference);

}  // namespace kickdrum
