// SPDX-License-Identifier: MIT
#include "experiments/baselines/folds.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <numeric>
#include <set>

#include "experiments/data/group_kfold.h"
#include "experiments/data/numpy_random.h"
#include "experiments/data/split.h"
#include "experiments/diagnostics.h"

namespace kickdrum {
namespace {

std::string lower(std::string text) {
    for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return text;
}

}  // namespace

BaselineRows rows_of_split(const Split& split) {
    return {.train = clips_of(split, Part::train),
            .val = clips_of(split, Part::val),
            .test = clips_of(split, Part::test)};
}

BaselineRows published_rows(const ClipTable& table, std::uint32_t seed) {
    std::vector<std::pair<std::string, std::int32_t>> sorted;
    for (const auto& clip : table.clips)
        sorted.emplace_back(lower(clip.id), static_cast<std::int32_t>(sorted.size()));
    std::ranges::sort(sorted);
    const std::vector<std::size_t> order = numpy::RandomState(seed).permutation(sorted.size());
    const std::size_t test = (order.size() + 4) / 5;  // a fifth, rounded up
    BaselineRows rows;
    for (std::size_t i = 0; i < order.size(); ++i)
        (i < test ? rows.test : rows.train).push_back(sorted[order[i]].second);
    return rows;
}

Split published_split(const ClipTable& table, std::uint32_t seed) {
    Split split{.seed = seed, .parts = std::vector<Part>(table.clips.size(), Part::train)};
    for (const auto clip : published_rows(table, seed).test)
        split.parts[static_cast<std::size_t>(clip)] = Part::test;
    return split;
}

std::vector<int> stratified_folds(std::span<const int> labels, std::span<const std::string> groups, int folds,
                                  std::uint32_t seed) {
    const std::set<std::string> distinct(groups.begin(), groups.end());
    const std::size_t units = groups.empty() ? labels.size() : distinct.size();
    if (units < static_cast<std::size_t>(folds)) {
        throw UserError(ExitCode::data,
                        fmt::format("the training part has {} {}, too few for {} folds; label more "
                                    "of them, or ask for fewer folds",
                                    units, groups.empty() ? "clips" : "groups", folds));
    }
    if (!groups.empty())
        return stratified_group_folds(labels, groups, folds, seed, GroupShuffle::with_their_group);
    // Class by class in a random order, dealt out in turn.
    const std::vector<std::size_t> order = numpy::RandomState(seed).permutation(labels.size());
    std::vector<std::size_t> by_class(order);
    std::ranges::stable_sort(by_class, {}, [&](std::size_t clip) { return labels[clip]; });
    std::vector<int> result(labels.size());
    for (std::size_t i = 0; i < by_class.size(); ++i)
        result[by_class[i]] = static_cast<int>(i % static_cast<std::size_t>(folds));
    return result;
}

FoldRows rows_of_fold(std::span<const int> folds, int fold) {
    FoldRows rows;
    for (std::size_t i = 0; i < folds.size(); ++i)
        (folds[i] == fold ? rows.out : rows.in).push_back(static_cast<std::int32_t>(i));
    return rows;
}

}  // namespace kickdrum
