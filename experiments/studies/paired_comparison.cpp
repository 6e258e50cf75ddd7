// SPDX-License-Identifier: MIT
#include "experiments/studies/paired_comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "experiments/statistics/power.h"

namespace kickdrum {
namespace {

constexpr double kAlpha = 0.05;

bool same_rows(const SplitTable& a, const SplitTable& b) {
    return std::ranges::equal(a.rows, b.rows, [](const SplitRow& x, const SplitRow& y) {
        return x.sample_id == y.sample_id && x.part == y.part && x.label == y.label && x.group == y.group;
    });
}

bool same_test_part(const SplitTable& a, const SplitTable& b) {
    const auto ids = [](const SplitTable& split) {
        std::vector<std::string> list;
        for (const auto& row : split.rows) {
            if (row.part == Part::test) list.push_back(row.sample_id);
        }
        std::ranges::sort(list);
        return list;
    };
    return ids(a) == ids(b);
}

// Why two runs of the same number aren't a pair; empty: they are.
std::string difference_of(const Results& first, const Results& other, const RunResult& a,
                          const RunResult& b) {
    if (first.study.classes != other.study.classes) return "they have other classes";
    const SplitTable* split_a = first.split_of_run(a.run);
    const SplitTable* split_b = other.split_of_run(b.run);
    if (split_a == nullptr || split_b == nullptr || split_a->rows.empty() || split_b->rows.empty()) {
        return "the split of one isn't known";
    }
    if (!same_test_part(*split_a, *split_b))
        return "they were tested on other clips, so that their scores can't be compared at all";
    if (!same_rows(*split_a, *split_b))
        return "they were trained or validated on other clips (another split)";
    if (a.seed != b.seed) return "their seeds differ";
    return {};
}

double test_over_train(const SplitTable& split) {
    double test = 0;
    double train = 0;
    for (const auto& row : split.rows) {
        test += row.part == Part::test ? 1 : 0;
        train += row.part == Part::train ? 1 : 0;
    }
    return train > 0 ? test / train : 0;
}

using Score = double (*)(const RunResult&);

// Scores of one run's pair on the test part: labels, groups and both predictions by clip.
std::optional<GroupBootstrap> on_other_tracks(const Pairing& pairing, const SplitTable& split, int classes) {
    std::map<std::string, std::string> group_of;
    for (const auto& row : split.rows) group_of[row.sample_id] = row.group;
    std::vector<int> labels;
    std::vector<std::string> groups;
    for (const auto& prediction : pairing.runs.front().first->test.predictions) {
        const auto group = group_of.find(prediction.sample_id);
        if (group == group_of.end()) return std::nullopt;
        labels.push_back(prediction.label);
        groups.push_back(group->second);
    }
    if (labels.empty()) return std::nullopt;
    std::vector<std::vector<int>> first;
    std::vector<std::vector<int>> other;
    const auto add = [&](const RunResult& run, std::vector<std::vector<int>>& list) {
        auto& predicted = list.emplace_back();
        for (const auto& prediction : run.test.predictions) predicted.push_back(prediction.predicted);
        return predicted.size() == labels.size();
    };
    for (const auto& [a, b] : pairing.runs) {
        if (!add(*a, first) || !add(*b, other)) return std::nullopt;
    }
    return bootstrap_weighted_f1_difference(labels, groups, first, other, classes);
}

MetricDifference difference(const std::string& metric, const Pairing& pairing, Score score) {
    MetricDifference result;
    result.metric = metric;
    std::vector<double> first;
    std::vector<double> other;
    for (const auto& [a, b] : pairing.runs) {
        first.push_back(score(*a));
        other.push_back(score(*b));
        result.differences.push_back(other.back() - first.back());
    }
    result.description = describe(result.differences);
    result.bca = bca_interval(result.differences);
    result.t = pairing.splits_vary ? corrected_resampled_t_test(result.differences, pairing.test_over_train)
                                   : paired_t_test(result.differences);
    result.sign_flip = sign_flip_test(result.differences);
    result.wilcoxon = wilcoxon_test(result.differences);
    result.dz = cohens_dz(result.differences);
    result.a12 = vargha_delaney_a(other, first);
    result.superiority = probability_of_superiority(result.differences);
    result.order = almost_stochastic_order(other, first);
    return result;
}

}  // namespace

Pairing pair_runs(const Results& first, const Results& other) {
    Pairing pairing;
    if (first.runs.empty() || other.runs.empty()) {
        pairing.why_not = "one of them has no finished run";
        return pairing;
    }
    const SplitTable* last = nullptr;
    for (const RunResult& a : first.runs) {
        const auto b = std::ranges::find(other.runs, a.run, &RunResult::run);
        if (b == other.runs.end()) continue;
        const std::string reason = difference_of(first, other, a, *b);
        if (!reason.empty()) {
            pairing.why_not = reason;
            continue;
        }
        const SplitTable* split = first.split_of_run(a.run);
        if (last != nullptr && !same_rows(*last, *split)) pairing.splits_vary = true;
        last = split;
        pairing.test_over_train += test_over_train(*split);
        pairing.runs.emplace_back(&a, &*b);
    }
    if (!pairing.runs.empty()) {
        pairing.test_over_train /= static_cast<double>(pairing.runs.size());
        pairing.why_not.clear();
    } else if (pairing.why_not.empty()) {
        pairing.why_not = "no run of both has the same number";
    }
    return pairing;
}

PairedComparison compare_runs(const Results& first, const Results& other) {
    PairedComparison comparison{.pairing = pair_runs(first, other), .metrics = {}};
    const Pairing& pairing = comparison.pairing;
    if (pairing.runs.empty()) return comparison;
    comparison.metrics.push_back(difference("val.weighted_f1", pairing,
                                            [](const RunResult& run) { return run.val.scores.weighted_f1; }));
    comparison.metrics.push_back(difference(
        "test.weighted_f1", pairing, [](const RunResult& run) { return run.test.scores.weighted_f1; }));
    if (!pairing.splits_vary && !first.study.sets) {
        comparison.metrics.back().test_set =
            on_other_tracks(pairing, *first.split_of_run(pairing.runs.front().first->run),
                            static_cast<int>(first.study.classes.size()));
    }
    return comparison;
}

std::string verdict(const MetricDifference& difference) {
    const std::size_t n = difference.differences.size();
    if (n < 2) return "One pair of runs: nothing is known of how the difference scatters.";
    if (!difference.sign_flip.p) return "The runs gave the same scores: there is no difference to test.";
    const double p = difference.holm_p.value_or(*difference.sign_flip.p);
    const std::string_view way = difference.description.mean > 0 ? "Better" : "Worse";
    const std::string pairs = fmt::format(
        "in {} of {} pairs",
        std::ranges::count_if(difference.differences,
                              [&](double d) { return difference.description.mean > 0 ? d > 0 : d < 0; }),
        n);
    if (p < kAlpha)
        return fmt::format("{} on average, and {}: more than chance in training (p {:.3g}).", way, pairs, p);
    return fmt::format("{} on average, and {}: chance in training may be all there is (p {:.3g}).", way,
                       pairs, p);
}

std::string power_statement(const MetricDifference& difference) {
    const int n = static_cast<int>(difference.differences.size());
    if (n < 2) return "With one pair of runs no test is possible; 6 are the fewest that can reach p < 0.05.";
    std::string text;
    if (smallest_exact_p(n) >= kAlpha) {
        text = fmt::format(
            "With {} pairs an exact two-sided test can't go below p = {:.4g}: it takes at least {} "
            "to reach 0.05. ",
            n, smallest_exact_p(n), runs_for_exact_test(kAlpha));
    }
    if (!difference.dz)
        return text + "The differences don't scatter, so no number of runs can be worked out.";
    const auto needed = runs_to_decide(*difference.dz);
    if (!needed) return text + "A difference as small as this one would take more than 10 000 runs.";
    return text + fmt::format(
                      "A difference of the size seen (d_z {:.2f}) is found with probability 0.8 by {} "
                      "paired runs.",
                      *difference.dz, *needed);
}

}  // namespace kickdrum
