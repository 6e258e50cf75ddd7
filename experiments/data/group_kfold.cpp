// SPDX-License-Identifier: MIT
#include "experiments/data/group_kfold.h"

#include <algorithm>
#include <limits>
#include <map>
#include <numeric>
#include <stdexcept>

#include "experiments/data/numpy_random.h"
#include "experiments/data/numpy_statistics.h"

namespace kickdrum {
namespace {

// The numbers 0, 1, 2... that stand for the sorted distinct values, by element: np.unique's return_inverse.
template <typename T>
std::vector<std::size_t> ranks(std::span<const T> values, std::size_t& distinct) {
    std::map<T, std::size_t> rank;
    for (const T& value : values) rank.emplace(value, 0);
    distinct = 0;
    for (auto& entry : rank) entry.second = distinct++;
    std::vector<std::size_t> result;
    result.reserve(values.size());
    for (const T& value : values) result.push_back(rank.at(value));
    return result;
}

class Folds {
 public:
    Folds(std::size_t folds, std::vector<double> class_sizes)
        : classes_(class_sizes.size()),
          class_sizes_(std::move(class_sizes)),
          counts_(folds * classes_),
          sizes_(folds) {}

    // Adds a group with these class counts to the fold where it does best, and returns that fold.
    std::size_t add(std::span<const double> group) {
        std::size_t best = 0;
        double best_imbalance = std::numeric_limits<double>::infinity();
        double best_size = best_imbalance;
        for (std::size_t fold = 0; fold < sizes_.size(); ++fold) {
            const double with_it = imbalance(fold, group);
            if (with_it < best_imbalance ||
                (numpy::is_close(with_it, best_imbalance) && sizes_[fold] < best_size)) {
                best = fold;
                best_imbalance = with_it;
                best_size = sizes_[fold];
            }
        }
        for (std::size_t c = 0; c < classes_; ++c) {
            counts_[best * classes_ + c] += group[c];
            sizes_[best] += group[c];
        }
        return best;
    }

 private:
    double imbalance(std::size_t fold, std::span<const double> group) const {
        std::vector<double> shares = counts_;
        for (std::size_t c = 0; c < classes_; ++c) shares[fold * classes_ + c] += group[c];
        for (std::size_t i = 0; i < shares.size(); ++i) shares[i] /= class_sizes_[i % classes_];
        std::vector<double> deviations(classes_);
        for (std::size_t c = 0; c < classes_; ++c)
            deviations[c] = numpy::column_deviation(shares, classes_, c);
        return numpy::mean(deviations);
    }

    std::size_t classes_;
    std::vector<double> class_sizes_;  // clips of each class, in all folds
    std::vector<double> counts_;       // [folds, classes]
    std::vector<double> sizes_;        // clips in each fold
};

}  // namespace

std::vector<int> stratified_group_folds(std::span<const int> labels, std::span<const std::string> groups,
                                        int folds, std::uint32_t seed, GroupShuffle shuffle) {
    std::size_t classes = 0;
    std::size_t group_count = 0;
    const std::vector<std::size_t> label_of = ranks(labels, classes);
    const std::vector<std::size_t> group_of = ranks(groups, group_count);
    if (labels.size() != groups.size()) throw std::invalid_argument("as many labels as groups are needed");
    if (folds < 2 || group_count < static_cast<std::size_t>(folds)) {
        throw std::invalid_argument("at least two folds and as many groups are needed");
    }

    std::vector<double> class_sizes(classes);
    std::vector<double> counts(group_count * classes);
    for (std::size_t i = 0; i < labels.size(); ++i) {
        class_sizes[label_of[i]] += 1;
        counts[group_of[i] * classes + label_of[i]] += 1;
    }
    const auto counts_of = [&](std::size_t group) {
        return std::span<const double>(counts).subspan(group * classes, classes);
    };

    const std::vector<std::size_t> permutation = numpy::RandomState(seed).permutation(group_count);
    std::vector<double> deviations(group_count);
    for (std::size_t i = 0; i < group_count; ++i) {
        deviations[i] = numpy::standard_deviation(counts_of(permutation[i]));
    }
    std::vector<std::size_t> order(group_count);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::stable_sort(order,
                             [&](std::size_t a, std::size_t b) { return deviations[a] > deviations[b]; });

    Folds assigned(static_cast<std::size_t>(folds), class_sizes);
    std::vector<std::size_t> fold_of(group_count);
    for (const std::size_t i : order) {
        const std::size_t group = shuffle == GroupShuffle::counts_only ? i : permutation[i];
        fold_of[group] = assigned.add(counts_of(permutation[i]));
    }

    std::vector<int> result;
    result.reserve(labels.size());
    for (const std::size_t group : group_of) result.push_back(static_cast<int>(fold_of[group]));
    return result;
}

}  // namespace kickdrum
