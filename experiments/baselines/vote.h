// SPDX-License-Identifier: MIT
// Soft voting: the weighted mean of several models' probabilities.
#pragma once

#include <filesystem>
#include <vector>

#include "experiments/baselines/baseline_spec.h"
#include "experiments/baselines/matrix.h"
#include "experiments/data/dataset.h"

namespace kickdrum {

// Probabilities by part, [clips, classes]. Nothing for the training part of another experiment.
struct VoteMember {
    Matrix train;
    Matrix val;
    Matrix test;
};

Matrix weighted(const std::vector<VoteMember>& members, const std::vector<double>& weights,
                Matrix VoteMember::*part);

// The weights with the best weighted F1 of the validation part, among all that are multiples of `step` and add
// up to 1; of equally good ones the nearest to equal weights.
std::vector<double> best_weights(const std::vector<VoteMember>& members, const std::vector<int>& val_labels,
                                 double step);

// What another experiment has predicted in its run of the same number. `folder`: the results folder of the
// vote, beside which the variants of its study lie. Throws UserError (exit code 2) where there is no such
// run, or its validation or test part isn't that of the vote.
VoteMember read_member(const BaselineSpec& spec, const std::filesystem::path& folder, const ClipTable& table,
                       const std::vector<std::int32_t>& val, const std::vector<std::int32_t>& test, int run);

}  // namespace kickdrum
