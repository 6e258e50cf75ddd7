// SPDX-License-Identifier: MIT
// scikit-learn's train_test_split(rows, test_size=share, stratify=labels, random_state=seed), to the row and
// its place: StratifiedShuffleSplit's first split.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace kickdrum {

struct ShuffledParts {
    std::vector<std::size_t> train;  // places in `labels`, shuffled
    std::vector<std::size_t> test;
};

// How many of `count` rows go to the test part: the share, rounded up.
std::size_t shuffled_test_rows(std::size_t count, double share);

// Every class gets its share of both parts as nearly as whole rows allow; who gets the rows that are left over
// is drawn among the classes with the largest remainders. Throws std::invalid_argument where a class has one
// row only, or a part fewer rows than there are classes: as scikit-learn does.
ShuffledParts stratified_shuffle_split(std::span<const int> labels, double share, std::uint32_t seed);

}  // namespace kickdrum
