// SPDX-License-Identifier: MIT
#include "experiments/runs/leak_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace kickdrum {
namespace {

// The first split that has the two in different parts; null where none does.
const Split* parting(const DuplicatePair& pair, std::span<const Split> splits) {
    const auto split = std::ranges::find_if(
        splits, [&](const Split& one) { return one.parts.at(pair.first) != one.parts.at(pair.second); });
    return split == splits.end() ? nullptr : &*split;
}

PartedColumn count_parted(const ClipTable& table, std::size_t column, std::span<const Split> splits) {
    std::map<std::string, std::vector<std::size_t>> clips_of;
    for (std::size_t i = 0; i < table.clips.size(); ++i) {
        const std::string& track = table.clips[i].tracks.at(column);
        if (!track.empty()) clips_of[track].push_back(i);
    }
    PartedColumn count{.column = table.track_columns[column], .tracks = static_cast<int>(clips_of.size())};
    for (const auto& [track, clips] : clips_of) {
        const bool parted = std::ranges::any_of(splits, [&](const Split& split) {
            return std::ranges::any_of(clips, [&](std::size_t clip) {
                return split.parts.at(clip) != split.parts.at(clips.front());
            });
        });
        count.parted += parted ? 1 : 0;
    }
    return count;
}

}  // namespace

LeakCheck check_leaks(const ClipTable& table, std::span<const Split> splits,
                      std::span<const DuplicatePair> duplicates) {
    LeakCheck check{.clips = static_cast<int>(table.clips.size()), .pairs = {}, .columns = {}};
    for (const DuplicatePair& pair : duplicates) {
        const Split* const split = parting(pair, splits);
        if (split == nullptr) {
            ++check.pairs_together;
            continue;
        }
        const Clip& first = table.clips.at(pair.first);
        const Clip& second = table.clips.at(pair.second);
        check.pairs.push_back({.first = first.id,
                               .first_group = first.group,
                               .first_part = std::string(to_string(split->parts[pair.first])),
                               .second = second.id,
                               .second_group = second.group,
                               .second_part = std::string(to_string(split->parts[pair.second])),
                               .split_seed = split->seed,
                               .same_file = pair.same_file,
                               .shift = pair.shift,
                               .difference = pair.difference});
    }
    for (std::size_t column = 0; column < table.track_columns.size(); ++column) {
        const PartedColumn count = count_parted(table, column, splits);
        if (count.parted > 0) check.columns.push_back(count);
    }
    return check;
}

std::string describe(const LeakedPair& pair) {
    if (pair.same_file) return "the same file";
    const std::string shift = std::abs(pair.shift) < 0.03 ? ""
                                                          : fmt::format(", {:.2f} s {}", std::abs(pair.shift),
                                                                        pair.shift > 0 ? "later" : "earlier");
    return fmt::format("nearly the same audio{} ({:.0f} % of its fingerprint differs)", shift,
                       100 * pair.difference);
}

std::vector<std::string> leak_warnings(const LeakCheck& check, std::size_t most_pairs) {
    std::vector<std::string> list;
    if (!check.pairs.empty()) {
        list.push_back(fmt::format(
            "leak: {} of clips in different groups {} the same audio and {} in two parts of the split; give "
            "both clips one group, or remove one",
            check.pairs.size() == 1 ? "1 pair" : fmt::format("{} pairs", check.pairs.size()),
            check.pairs.size() == 1 ? "is" : "are", check.pairs.size() == 1 ? "lies" : "lie"));
    }
    for (std::size_t i = 0; i < std::min(most_pairs, check.pairs.size()); ++i) {
        const LeakedPair& pair = check.pairs[i];
        list.push_back(fmt::format("leak: '{}' ({}, group '{}') and '{}' ({}, group '{}'): {}", pair.first,
                                   pair.first_part, pair.first_group, pair.second, pair.second_part,
                                   pair.second_group, describe(pair)));
    }
    if (check.pairs.size() > most_pairs)
        list.push_back(fmt::format("leak: and {} more pairs", check.pairs.size() - most_pairs));
    for (const auto& column : check.columns) {
        list.push_back(fmt::format(
            "leak: clips of {} of the {} tracks in the column '{}' lie in two parts of the split, so the "
            "scores are too good; 'data.group: {}' keeps each track in one part",
            column.parted, column.tracks, column.column, column.column));
    }
    return list;
}

}  // namespace kickdrum
