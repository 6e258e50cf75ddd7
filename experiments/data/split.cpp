// SPDX-License-Identifier: MIT
#include "experiments/data/split.h"

#include <fmt/format.h>

#include <array>
#include <map>
#include <set>
#include <stdexcept>

#include "experiments/data/label_sets.h"
#include "experiments/data/stratified_shuffle.h"

namespace kickdrum {
namespace {

constexpr std::array kParts{Part::train, Part::val, Part::test};

// "1 group", "2 groups"
std::string counted(std::size_t count, std::string_view what) {
    return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

// Class by class, the groups that have clips of it.
std::vector<std::set<std::string>> groups_by_class(const ClipTable& table) {
    std::vector<std::set<std::string>> groups(table.classes.size());
    if (groups.empty()) return groups;  // clips without labels
    for (const auto& clip : table.clips) {
        for (const int c : classes_in(clip.label, table.sets))
            groups.at(static_cast<std::size_t>(c)).insert(clip.group);
    }
    return groups;
}

// The first one that is; empty: none.
std::string group_in_two_parts(const ClipTable& table, const Split& split) {
    std::map<std::string, Part> part_of;
    for (std::size_t i = 0; i < table.clips.size(); ++i) {
        const auto& group = table.clips[i].group;
        if (part_of.emplace(group, split.parts[i]).first->second != split.parts[i]) return group;
    }
    return {};
}

// Clips that are yet to be split, as indices into the table.
std::vector<int> folds_of(const ClipTable& table, const std::vector<std::size_t>& clips, int folds,
                          std::uint32_t seed, GroupShuffle shuffle) {
    std::vector<int> labels;
    std::vector<std::string> groups;
    for (const std::size_t i : clips) {
        labels.push_back(table.clips[i].label);
        groups.push_back(table.clips[i].group);
    }
    // Each set of classes is a stratum of its own, as scikit-learn's would be of the sets' names.
    if (table.sets) labels = set_table(labels, table.classes.size()).labels;
    if (const std::set<std::string> distinct(groups.begin(), groups.end());
        distinct.size() < static_cast<std::size_t>(folds)) {
        throw UserError(
            ExitCode::data,
            {{.message = fmt::format(
                  "{} left to make val and test of, but 'split.folds' asks for {} folds: label clips "
                  "of more groups, or try another 'split.seed' than {}",
                  distinct.size() == 1 ? "1 group is" : counted(distinct.size(), "group") + " are", folds,
                  seed),
              .file = table.file.string()}});
    }
    return stratified_group_folds(labels, groups, folds, seed, shuffle);
}

// Of the stratified split: each class needs a clip in every part.
void check_classes(const ClipTable& table, const SplitConfig& config, Problems& problems) {
    if (table.sets) {
        problems.add({.message = "'split.kind: stratified' needs one class for each clip; take "
                                 "stratified_group_kfold",
                      .file = table.file.string()});
        return;
    }
    std::vector<std::size_t> clips(table.classes.size());
    for (const auto& clip : table.clips) ++clips.at(static_cast<std::size_t>(clip.label));
    for (std::size_t c = 0; c < clips.size(); ++c) {
        const auto rest = static_cast<double>(clips[c]) * config.rest_share;
        if (clips[c] >= kParts.size() && rest >= 1) continue;
        problems.add({.message = fmt::format(
                          "class '{}' has {}, too few to train, validate and test on with 'split.rest_share: "
                          "{}': label more clips, or leave the class out of 'data.classes'",
                          table.classes[c], counted(clips[c], "clip"), config.rest_share),
                      .file = table.file.string()});
    }
}

void require_clips_in_all_parts(const ClipTable& table, const Split& split) {
    const std::set<Part> present(split.parts.begin(), split.parts.end());
    Problems problems;
    for (const Part part : kParts) {
        if (present.contains(part)) continue;
        problems.add({.message = fmt::format(
                          "the split with seed {} leaves no clip for {}: label clips of more groups, "
                          "or try another 'split.seed'",
                          split.seed, to_string(part)),
                      .file = table.file.string()});
    }
    problems.throw_if_any(ExitCode::data);
}

}  // namespace

void check_groups(const ClipTable& table, const SplitConfig& config, Problems& problems) {
    const std::string file = table.file.string();
    std::set<std::string> groups;
    for (const auto& clip : table.clips) groups.insert(clip.group);
    // One for every other fold, and one for every fold that the first is split into.
    const auto needed = static_cast<std::size_t>(config.folds.at(0) - 1 + config.folds.at(1));
    if (groups.size() < needed) {
        problems.add({.message = fmt::format(
                          "{}, but 'split.folds: [{}, {}]' needs at least {}: label clips of more "
                          "groups, or ask for fewer folds",
                          counted(groups.size(), "group"), config.folds.at(0), config.folds.at(1), needed),
                      .file = file});
    }
    const auto by_class = groups_by_class(table);
    for (std::size_t c = 0; c < by_class.size(); ++c) {
        if (by_class[c].size() >= kParts.size()) continue;
        problems.add({.message = fmt::format(
                          "class '{}' has {}, but needs 3 at least, one each for train, val and test: "
                          "label clips of more groups, or leave the class out of 'data.classes'",
                          table.classes[c], counted(by_class[c].size(), "group")),
                      .file = file});
    }
}

Split group_stratified_split(const ClipTable& table, const SplitConfig& config, std::uint32_t seed,
                             GroupShuffle shuffle) {
    Problems problems;
    check_groups(table, config, problems);
    problems.throw_if_any(ExitCode::data);

    std::vector<std::size_t> all(table.clips.size());
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
    Split split{.seed = seed, .parts = std::vector<Part>(all.size(), Part::train)};

    const std::vector<int> first = folds_of(table, all, config.folds.at(0), seed, shuffle);
    std::vector<std::size_t> rest;
    for (const std::size_t i : all) {
        if (first[i] == 0) rest.push_back(i);
    }
    const std::vector<int> second = folds_of(table, rest, config.folds.at(1), seed, shuffle);
    for (std::size_t k = 0; k < rest.size(); ++k) {
        split.parts[rest[k]] = second[k] == 0 ? Part::test : Part::val;
    }
    require_clips_in_all_parts(table, split);
    check_no_leak(table, split);
    return split;
}

Split stratified_split(const ClipTable& table, const SplitConfig& config, std::uint32_t seed) {
    Problems problems;
    check_classes(table, config, problems);
    problems.throw_if_any(ExitCode::data);
    std::vector<int> labels;
    for (const auto& clip : table.clips) labels.push_back(clip.label);
    Split split{.seed = seed, .parts = std::vector<Part>(labels.size(), Part::train)};
    try {
        const ShuffledParts first = stratified_shuffle_split(labels, config.rest_share, seed);
        std::vector<int> rest;
        for (const std::size_t clip : first.test) rest.push_back(labels[clip]);
        const ShuffledParts second = stratified_shuffle_split(rest, config.test_share, seed);
        for (const std::size_t place : second.train) split.parts[first.test[place]] = Part::val;
        for (const std::size_t place : second.test) split.parts[first.test[place]] = Part::test;
    } catch (const std::invalid_argument& error) {
        throw UserError(ExitCode::data,
                        {{.message = fmt::format("the split isn't possible: {}; label more clips, or change "
                                                 "'split.rest_share' ({}) and 'split.test_share' ({})",
                                                 error.what(), config.rest_share, config.test_share),
                          .file = table.file.string()}});
    }
    require_clips_in_all_parts(table, split);
    return split;
}

Split make_split(const ClipTable& table, const SplitConfig& config, std::uint32_t seed) {
    return config.kind == SplitKind::stratified ? stratified_split(table, config, seed)
                                                : group_stratified_split(table, config, seed);
}

void check_split(const ClipTable& table, const SplitConfig& config, Problems& problems) {
    if (config.kind == SplitKind::stratified) {
        check_classes(table, config, problems);
    } else {
        check_groups(table, config, problems);
    }
}

std::vector<std::int32_t> clips_of(const Split& split, Part part) {
    std::vector<std::int32_t> clips;
    for (std::size_t clip = 0; clip < split.parts.size(); ++clip) {
        if (split.parts[clip] == part) clips.push_back(static_cast<std::int32_t>(clip));
    }
    return clips;
}

std::vector<std::string> split_warnings(const ClipTable& table, const Split& split) {
    std::set<std::pair<Part, int>> present;
    for (std::size_t i = 0; i < table.clips.size(); ++i) {
        for (const int c : classes_in(table.clips[i].label, table.sets))
            present.emplace(split.parts.at(i), c);
    }
    std::vector<std::string> warnings;
    if (const std::string group = group_in_two_parts(table, split); !group.empty()) {
        warnings.push_back(
            fmt::format("clips of '{}' and perhaps of other groups fall into two parts (split seed {}): the "
                        "scores may be "
                        "too good; 'split.kind: stratified_group_kfold' keeps groups together",
                        group, split.seed));
    }
    for (const Part part : kParts) {
        for (std::size_t c = 0; c < table.classes.size(); ++c) {
            if (present.contains({part, static_cast<int>(c)})) continue;
            warnings.push_back(
                fmt::format("{} has no clip of '{}' (split seed {}): its scores say nothing about that "
                            "class; label more groups of it or try another 'split.seed'",
                            to_string(part), table.classes[c], split.seed));
        }
    }
    return warnings;
}

void check_no_leak(const ClipTable& table, const Split& split) {
    if (split.parts.size() != table.clips.size()) throw std::logic_error("a split of another table");
    const std::string group = group_in_two_parts(table, split);
    if (!group.empty()) {
        throw std::logic_error(
            fmt::format("the split with seed {} puts group '{}' into two parts", split.seed, group));
    }
}

}  // namespace kickdrum
