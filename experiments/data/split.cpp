// SPDX-License-Identifier: MIT
#include "experiments/data/split.h"

#include <fmt/format.h>

#include <array>
#include <map>
#include <set>
#include <stdexcept>

#include "experiments/data/label_sets.h"

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
    std::map<std::string, Part> part_of;
    for (std::size_t i = 0; i < table.clips.size(); ++i) {
        const auto& group = table.clips[i].group;
        if (part_of.emplace(group, split.parts[i]).first->second != split.parts[i]) {
            throw std::logic_error(
                fmt::format("the split with seed {} puts group '{}' into two parts", split.seed, group));
        }
    }
}

}  // namespace kickdrum
