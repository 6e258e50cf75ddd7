// SPDX-License-Identifier: MIT
#include "experiments/baselines/multi_label.h"

namespace kickdrum {
namespace {

struct Counts {
    std::int64_t hits = 0;
    std::int64_t false_alarms = 0;
    std::int64_t misses = 0;

    double ratio(std::int64_t over, std::int64_t of) const {
        return of == 0 ? 0 : static_cast<double>(over) / static_cast<double>(of);
    }
    double f1() const { return ratio(2 * hits, 2 * hits + false_alarms + misses); }
};

}  // namespace

MultiLabelScores multi_label_scores(const Matrix& decisions, const std::vector<int>& labels) {
    MultiLabelScores scores;
    Counts all;
    for (std::size_t c = 0; c < decisions.columns; ++c) {
        Counts counts;
        for (std::size_t i = 0; i < decisions.rows; ++i) {
            const bool present = labels[i] == static_cast<int>(c);
            const bool predicted = decisions.row(i)[c] > 0;
            counts.hits += present && predicted ? 1 : 0;
            counts.false_alarms += !present && predicted ? 1 : 0;
            counts.misses += present && !predicted ? 1 : 0;
        }
        const std::int64_t support = counts.hits + counts.misses;
        scores.per_class.push_back({.precision = counts.ratio(counts.hits, counts.hits + counts.false_alarms),
                                    .recall = counts.ratio(counts.hits, support),
                                    .f1 = counts.f1(),
                                    .support = support});
        scores.macro_f1 += counts.f1() / static_cast<double>(decisions.columns);
        scores.weighted_f1 +=
            counts.f1() * static_cast<double>(support) / static_cast<double>(decisions.rows);
        all.hits += counts.hits;
        all.false_alarms += counts.false_alarms;
        all.misses += counts.misses;
    }
    scores.micro_f1 = all.f1();
    return scores;
}

}  // namespace kickdrum
