// SPDX-License-Identifier: MIT
// A classical model of the block `baselines:`, as read from the experiment file. Plain data.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dsp/features/feature_set.h"

namespace kickdrum {

enum class BaselineKind : std::uint8_t { svm, logistic, random_forest, xgboost, lightgbm, vote, results };
std::string_view to_string(BaselineKind kind);

// Which clips a model is fitted, tuned and tested on.
//   group      the splits of the networks; a search scores on the validation part
//   nested     the same splits; a search scores on folds inside the training part that respect the groups
//   published  scikit-learn's train_test_split(test_size=0.2) over clips: clips of a track fall on both sides,
//              and what stops early or is chosen does so on the test part. It leaks, and is marked so
enum class Protocol : std::uint8_t { group, nested, published };
std::string_view to_string(Protocol protocol);

// The part that boosting is stopped by.
enum class StoppingPart : std::uint8_t { val, test };

struct BoostingStop {
    StoppingPart on = StoppingPart::val;
    int rounds = 100;  // without a better loss
};

// Parameters by name, as in the file: {"learning_rate", 0.05}. Which a kind has: parameters.h.
using Parameters = std::map<std::string, double, std::less<>>;

struct RandomSearch {
    int draws = 25;
    int folds = 3;
    std::uint32_t seed = 42;
    std::map<std::string, std::vector<double>> grid;  // each draw takes one value of each
};

struct VoteSpec {
    std::vector<std::string> members;  // names of other baselines
    std::vector<double> weights;       // one per member; empty: equal ones
    bool by_validation = false;        // weights in steps of `step` that do best on the validation part
    double step = 0.1;
};

// Probabilities that another experiment left: the networks' part of a vote.
struct ResultsSpec {
    std::filesystem::path folder;  // a results folder
    std::string variant;           // instead: another variant of the same study
};

struct BaselineSpec {
    std::string name;
    Protocol protocol = Protocol::group;
    FeatureSet features = FeatureSet::published;
    std::filesystem::path table;  // instead of computed features: a CSV file
    std::optional<double> clip;   // standardised features are cut at this many deviations
    BaselineKind kind = BaselineKind::svm;
    Parameters parameters;
    bool balanced = true;  // classes of svm and logistic
    bool platt = false;    // probabilities of svm
    VoteSpec vote;
    ResultsSpec results;
    std::optional<BoostingStop> early_stopping;
    std::optional<RandomSearch> search;
    bool only_member = false;  // has no row of its own
    std::map<std::string, double> published;

    bool leaky() const { return protocol == Protocol::published; }
    bool boosted() const { return kind == BaselineKind::xgboost || kind == BaselineKind::lightgbm; }
};

const BaselineSpec* find_baseline(std::span<const BaselineSpec> baselines, std::string_view name);

}  // namespace kickdrum
