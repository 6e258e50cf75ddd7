// SPDX-License-Identifier: MIT
#include "experiments/runs/thresholds.h"

#include <algorithm>
#include <cmath>

#include "experiments/data/label_sets.h"

namespace kickdrum {
namespace {

struct Vote {
    double probability;
    bool present;
};

double best_threshold(std::vector<Vote> votes) {
    // From the top down: above a threshold lie the first `said`, of which `hits` are right.
    std::ranges::sort(votes, [](const Vote& a, const Vote& b) { return a.probability > b.probability; });
    const auto support = std::ranges::count_if(votes, &Vote::present);
    double best = 0.5;
    if (support == 0) return best;
    const auto f1 = [&](std::int64_t hits, std::int64_t said) {
        return 2 * static_cast<double>(hits) / static_cast<double>(said + support);
    };
    const auto above = [](const Vote& vote) { return vote.probability >= 0.5; };
    double best_f1 = f1(std::ranges::count_if(votes, [&](const Vote& v) { return above(v) && v.present; }),
                        std::ranges::count_if(votes, above));
    std::int64_t hits = 0;
    for (std::size_t said = 1; said <= votes.size(); ++said) {
        hits += votes[said - 1].present ? 1 : 0;
        const double last = votes[said - 1].probability;
        const double next = said < votes.size() ? votes[said].probability : 0;
        if (said < votes.size() && next == last) continue;
        const double threshold = (last + next) / 2;
        const double reached = f1(hits, static_cast<std::int64_t>(said));
        const bool nearer = reached == best_f1 && std::abs(threshold - 0.5) < std::abs(best - 0.5);
        if (reached > best_f1 || nearer) {
            best_f1 = reached;
            best = threshold;
        }
    }
    return best;
}

}  // namespace

std::vector<double> best_thresholds(std::span<const Prediction> predictions, std::size_t classes) {
    std::vector<double> thresholds;
    for (std::size_t c = 0; c < classes; ++c) {
        std::vector<Vote> votes;
        for (const Prediction& one : predictions)
            votes.push_back({static_cast<double>(one.probabilities.at(c)), has_class(one.label, c, true)});
        thresholds.push_back(best_threshold(std::move(votes)));
    }
    return thresholds;
}

void apply_thresholds(std::span<Prediction> predictions, std::span<const double> thresholds) {
    for (Prediction& one : predictions) {
        unsigned set = 0;
        for (std::size_t c = 0; c < thresholds.size(); ++c) {
            if (static_cast<double>(one.probabilities.at(c)) >= thresholds[c]) set |= 1U << c;
        }
        one.predicted = static_cast<int>(set);
    }
}

}  // namespace kickdrum
