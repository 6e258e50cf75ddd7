// SPDX-License-Identifier: MIT
#include "experiments/data/label_sets.h"

#include <algorithm>

namespace kickdrum {

bool has_class(int label, std::size_t c, bool sets) {
    return sets ? (static_cast<unsigned>(label) >> c & 1U) != 0 : label == static_cast<int>(c);
}

std::vector<int> classes_in(int label, bool sets) {
    if (!sets) return {label};
    std::vector<int> classes;
    for (std::size_t c = 0; c < kMostClassesInSets; ++c) {
        if (has_class(label, c, true)) classes.push_back(static_cast<int>(c));
    }
    return classes;
}

std::string label_text(int label, std::span<const std::string> classes, bool sets) {
    std::string text;
    for (const int c : classes_in(label, sets)) {
        if (!text.empty()) text += kSetSeparator;
        text += classes[static_cast<std::size_t>(c)];
    }
    return text;
}

int set_from_text(std::string_view text, std::span<const std::string> classes, char separator) {
    unsigned set = 0;
    while (!text.empty()) {
        const auto name = text.substr(0, text.find(separator));
        text.remove_prefix(std::min(text.size(), name.size() + 1));
        const auto found = std::ranges::find(classes, name);
        if (found == classes.end()) return -1;
        set |= 1U << static_cast<unsigned>(found - classes.begin());
    }
    return static_cast<int>(set);
}

std::vector<std::uint8_t> set_rows(std::span<const int> labels, std::size_t classes) {
    std::vector<std::uint8_t> rows;
    for (const int label : labels) {
        for (std::size_t c = 0; c < classes; ++c) rows.push_back(has_class(label, c, true) ? 1 : 0);
    }
    return rows;
}

SetTable set_table(std::span<const int> labels, std::size_t classes) {
    std::vector<int> sets(labels.begin(), labels.end());
    std::ranges::sort(sets);
    sets.erase(std::unique(sets.begin(), sets.end()), sets.end());
    SetTable table{.rows = set_rows(sets, classes), .labels = {}};
    for (const int label : labels)
        table.labels.push_back(static_cast<int>(std::ranges::lower_bound(sets, label) - sets.begin()));
    return table;
}

}  // namespace kickdrum
