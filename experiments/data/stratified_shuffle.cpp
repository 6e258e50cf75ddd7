// SPDX-License-Identifier: MIT
#include "experiments/data/stratified_shuffle.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>
#include <stdexcept>

#include "experiments/data/numpy_random.h"

namespace kickdrum {
namespace {

using numpy::RandomState;

// The rows of each class that `draws` draws most probably take (scikit-learn's _approximate_mode).
std::vector<std::size_t> shares_of(const std::vector<std::size_t>& counts, std::size_t draws,
                                   RandomState& random) {
    const auto total = static_cast<double>(std::accumulate(counts.begin(), counts.end(), std::size_t{0}));
    std::vector<std::size_t> shares;
    std::vector<double> remainders;
    std::size_t taken = 0;
    for (const std::size_t count : counts) {
        const double exact = static_cast<double>(count) / total * static_cast<double>(draws);
        shares.push_back(static_cast<std::size_t>(std::floor(exact)));
        remainders.push_back(exact - std::floor(exact));
        taken += shares.back();
    }
    std::size_t missing = draws - taken;
    const std::set<double, std::greater<>> falling(remainders.begin(), remainders.end());
    for (const double value : falling) {
        if (missing == 0) break;
        std::vector<std::size_t> equal;
        for (std::size_t c = 0; c < counts.size(); ++c) {
            if (remainders[c] == value) equal.push_back(c);
        }
        const std::size_t now = std::min(equal.size(), missing);
        for (const std::size_t c : random.choice(equal, now)) ++shares[c];
        missing -= now;
    }
    return shares;
}

}  // namespace

std::size_t shuffled_test_rows(std::size_t count, double share) {
    return static_cast<std::size_t>(std::ceil(share * static_cast<double>(count)));
}

ShuffledParts stratified_shuffle_split(std::span<const int> labels, double share, std::uint32_t seed) {
    std::map<int, std::vector<std::size_t>> rows_of;
    for (std::size_t row = 0; row < labels.size(); ++row) rows_of[labels[row]].push_back(row);
    std::vector<std::size_t> counts;
    for (const auto& [label, rows] : rows_of) counts.push_back(rows.size());
    const std::size_t test_rows = shuffled_test_rows(labels.size(), share);
    const std::size_t train_rows = labels.size() - std::min(labels.size(), test_rows);
    if (counts.empty() || *std::ranges::min_element(counts) < 2)
        throw std::invalid_argument("a class has fewer than two rows");
    if (std::min(test_rows, train_rows) < counts.size())
        throw std::invalid_argument("a part has fewer rows than there are classes");

    RandomState random(seed);
    const std::vector<std::size_t> train = shares_of(counts, train_rows, random);
    std::vector<std::size_t> left = counts;
    for (std::size_t c = 0; c < counts.size(); ++c) left[c] -= train[c];
    const std::vector<std::size_t> test = shares_of(left, test_rows, random);

    ShuffledParts parts;
    std::size_t c = 0;
    for (const auto& [label, rows] : rows_of) {
        const std::vector<std::size_t> order = random.permutation(rows.size());
        for (std::size_t i = 0; i < train[c] + test[c]; ++i)
            (i < train[c] ? parts.train : parts.test).push_back(rows[order[i]]);
        ++c;
    }
    random.shuffle(parts.train);
    random.shuffle(parts.test);
    return parts;
}

}  // namespace kickdrum
