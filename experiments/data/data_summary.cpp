// SPDX-License-Identifier: MIT
#include "experiments/data/data_summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <vector>

#include "experiments/data/label_sets.h"

namespace kickdrum {
namespace {

constexpr std::size_t kNumberWidth = 7;

struct Line {
    std::string name;
    std::vector<std::size_t> numbers;
};

std::size_t characters(std::string_view text) {
    return static_cast<std::size_t>(
        std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

// Names to the left, numbers to the right of their columns.
std::string aligned(const std::string& title, const std::vector<std::string>& headings,
                    const std::vector<Line>& lines) {
    std::size_t width = characters(title);
    for (const auto& line : lines) width = std::max(width, characters(line.name));
    const auto padded = [&](const std::string& name) {
        return name + std::string(width - characters(name), ' ');
    };
    std::string text = padded(title);
    for (const auto& heading : headings) text += fmt::format("  {:>{}}", heading, kNumberWidth);
    text += '\n';
    for (const auto& line : lines) {
        text += padded(line.name);
        for (const std::size_t number : line.numbers) text += fmt::format("  {:>{}}", number, kNumberWidth);
        text += '\n';
    }
    return text;
}

// Clips and groups, of every class and in all.
struct Counts {
    explicit Counts(const ClipTable& table)
        : sets(table.sets), clips(table.classes.size()), groups(table.classes.size()) {}

    void add(const Clip& clip) {
        ++all_clips;
        all_groups.insert(clip.group);
        if (clips.empty()) return;  // clips without labels
        for (const int c : classes_in(clip.label, sets)) {
            ++clips.at(static_cast<std::size_t>(c));
            groups.at(static_cast<std::size_t>(c)).insert(clip.group);
        }
    }

    bool sets;
    std::vector<std::size_t> clips;
    std::vector<std::set<std::string>> groups;
    std::size_t all_clips = 0;
    std::set<std::string> all_groups;
};

std::string class_table(const ClipTable& table) {
    Counts counts(table);
    for (const auto& clip : table.clips) counts.add(clip);
    std::vector<Line> lines;
    for (std::size_t c = 0; c < table.classes.size(); ++c) {
        lines.push_back({table.classes[c], {counts.clips[c], counts.groups[c].size()}});
    }
    lines.push_back({"total", {counts.all_clips, counts.all_groups.size()}});
    return aligned("class", {"clips", "groups"}, lines);
}

std::string split_table(const ClipTable& table, const Split& split) {
    std::vector<Counts> parts(3, Counts(table));
    for (std::size_t i = 0; i < table.clips.size(); ++i) {
        parts[static_cast<std::size_t>(split.parts.at(i))].add(table.clips[i]);
    }
    const auto by_part = [&](const auto& count) {
        std::vector<std::size_t> numbers;
        for (const auto& part : parts) numbers.push_back(count(part));
        return numbers;
    };
    std::vector<Line> lines;
    for (std::size_t c = 0; c < table.classes.size(); ++c) {
        lines.push_back({table.classes[c], by_part([c](const Counts& part) { return part.clips[c]; })});
    }
    lines.push_back({"clips", by_part([](const Counts& part) { return part.all_clips; })});
    lines.push_back({"groups", by_part([](const Counts& part) { return part.all_groups.size(); })});
    return aligned(fmt::format("split {}", split.seed), {"train", "val", "test"}, lines);
}

}  // namespace

std::string data_summary(const ClipTable& table, std::span<const Split> splits,
                         std::span<const SkippedClip> skipped) {
    std::string text = class_table(table);
    if (!table.dropped.empty() || !skipped.empty()) text += '\n';
    for (const auto& dropped : table.dropped) {
        text += fmt::format("{} {} left out: {}\n", dropped.rows, dropped.rows == 1 ? "row" : "rows",
                            dropped.reason);
    }
    if (!skipped.empty()) {
        text += fmt::format("{} {} skipped:\n", skipped.size(), skipped.size() == 1 ? "clip" : "clips");
    }
    for (const auto& clip : skipped) text += fmt::format("  {}: {}\n", clip.id, clip.reason);
    for (const auto& split : splits) text += '\n' + split_table(table, split);
    return text;
}

}  // namespace kickdrum
