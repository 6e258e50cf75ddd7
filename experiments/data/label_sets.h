// SPDX-License-Identifier: MIT
// What a label says: one class, by its number, or, where clips may have several (`data.keep: any`), a set of
// classes: bit c for class c.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kickdrum {

constexpr std::size_t kMostClassesInSets = 30;
// Between the names of a set, in files and on the page: a class's own name may not have it.
constexpr char kSetSeparator = '|';

bool has_class(int label, std::size_t c, bool sets);
std::vector<int> classes_in(int label, bool sets);  // in order
// "tekno", "bouncy|tekno"; of the empty set, ""
std::string label_text(int label, std::span<const std::string> classes, bool sets);
// The set of these names; -1 where one is unknown.
int set_from_text(std::string_view text, std::span<const std::string> classes,
                  char separator = kSetSeparator);

// Sets for a dataset (nn/training/epoch_tables.h): the different ones in ascending order, each as a row of 0 and
// 1, and for every label the number of its set.
struct SetTable {
    std::vector<std::uint8_t> rows;  // [sets, classes]
    std::vector<int> labels;
};
SetTable set_table(std::span<const int> labels, std::size_t classes);
// Labels as rows of 0 and 1: [labels, classes].
std::vector<std::uint8_t> set_rows(std::span<const int> labels, std::size_t classes);

}  // namespace kickdrum
