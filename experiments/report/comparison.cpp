// SPDX-License-Identifier: MIT
#include "experiments/report/comparison.h"

#include <fmt/format.h>

#include <cmath>

#include "experiments/report/html_text.h"

namespace kickdrum {
namespace {

bool holds(const std::optional<Interval>& interval, double value) {
    return interval && value >= interval->low && value <= interval->high;
}

}  // namespace

Comparison compare_with_published(double mean, const std::optional<Interval>& runs,
                                  const std::optional<Interval>& test_set, double published) {
    Comparison comparison{.published = published, .difference = mean - published};
    if (!runs) return comparison;
    comparison.verdict = holds(runs, published)       ? Verdict::within_runs
                         : holds(test_set, published) ? Verdict::within_test_set
                                                      : Verdict::beyond_both;
    return comparison;
}

VerdictText verdict_text(const Comparison& comparison, int runs, const std::optional<Interval>& ci95,
                         const std::string& chance) {
    const std::string figure = html::score(comparison.published);
    const std::string size = html::score(std::abs(comparison.difference));
    const std::string side = comparison.difference < 0 ? "below" : "above";
    const std::string apart = fmt::format("{} {} the published {}.", size, side, figure);
    switch (comparison.verdict) {
        case Verdict::unknown: return {apart, "A single run can't tell whether that means anything."};
        case Verdict::within_runs:
            return {fmt::format("Can't be told apart from the published {}.", figure),
                    fmt::format("The mean is {} {}, and {} alone may move a mean of {} runs by ± {}.", size,
                                side, chance, runs, html::score(ci95 ? ci95->half_width() : 0))};
        case Verdict::within_test_set:
            return {apart, fmt::format("That is more than {} explains, but other groups in the test part "
                                       "could: on other clips the difference may vanish.",
                                       chance)};
        case Verdict::beyond_both:
            return {apart, fmt::format("That is more than {} or the choice of test groups, each by itself, "
                                       "explains.",
                                       chance)};
    }
    return {};
}

}  // namespace kickdrum
