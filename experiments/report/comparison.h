// SPDX-License-Identifier: MIT
// Whether the difference to a published figure means anything, as far as these runs can tell. The figure is
// taken as exact: its own spread is unknown.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "experiments/statistics/intervals.h"

namespace kickdrum {

enum class Verdict : std::uint8_t {
    unknown,          // a single run
    within_runs,      // the figure lies in the interval over runs: chance in training may be all there is
    within_test_set,  // beyond that, but another draw of groups into the test part could do it
    beyond_both
};

struct Comparison {
    double published = 0;
    double difference = 0;  // ours minus published
    Verdict verdict = Verdict::unknown;
};
// `runs` is the interval of our mean over runs (none for a single run), `test_set` that of
// test_set_uncertainty().
Comparison compare_with_published(double mean, const std::optional<Interval>& runs,
                                  const std::optional<Interval>& test_set, double published);

// The verdict in words: first what to remember ("Can't be told apart from the published 0.770."), then why.
struct VerdictText {
    std::string short_form;
    std::string reason;
};
// `runs`: how many. `chance` is what differs between runs ("chance in training").
VerdictText verdict_text(const Comparison& comparison, int runs, const std::optional<Interval>& ci95,
                         const std::string& chance);

}  // namespace kickdrum
