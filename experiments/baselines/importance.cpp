// SPDX-License-Identifier: MIT
#include "experiments/baselines/importance.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <numeric>
#include <set>
#include <sstream>

#include "kernels/device/philox.h"
#include "nn/metrics/classification.h"

namespace kickdrum {
namespace {

constexpr int kShuffles = 5;

bool is_number(const std::string& word) {
    return !word.empty() && std::ranges::all_of(word, [](unsigned char c) { return std::isdigit(c) != 0; });
}

double weighted_f1(const Matrix& probabilities, const std::vector<int>& labels) {
    std::vector<int> predicted;
    for (std::size_t i = 0; i < probabilities.rows; ++i) {
        const auto row = probabilities.row(i);
        predicted.push_back(static_cast<int>(std::ranges::max_element(row) - row.begin()));
    }
    return classify(labels, predicted, static_cast<int>(probabilities.columns)).weighted_f1;
}

std::vector<std::size_t> shuffled(std::size_t count, RandomStream stream) {
    std::vector<std::size_t> order(count);
    std::iota(order.begin(), order.end(), std::size_t{0});
    for (std::size_t i = count; i-- > 1;)
        std::swap(order[i], order[uniform_below(philox(stream, i)[0], static_cast<std::uint32_t>(i + 1))]);
    return order;
}

}  // namespace

std::string feature_family(const std::string& name) {
    static const std::set<std::string> kFigures = {"mean", "sd",     "p10",    "p90", "max",
                                                   "to",   "median", "change", "lag"};
    std::vector<std::string> words;
    std::istringstream text(name);
    for (std::string word; std::getline(text, word, '_');) {
        if (!is_number(word)) words.push_back(word);
    }
    while (words.size() > 1 && kFigures.contains(words.back())) words.pop_back();
    if (words.empty()) return name;
    std::string& last = words.back();  // "mfcc7"
    while (last.size() > 1 && std::isdigit(static_cast<unsigned char>(last.back())) != 0) last.pop_back();
    std::string family = words.front();
    for (std::size_t i = 1; i < words.size(); ++i) family += '_' + words[i];
    return family;
}

std::vector<FamilyImportance> family_importance(const BaselineModel::Member& model, const Matrix& raw,
                                                const std::vector<int>& labels, std::uint64_t seed) {
    std::map<std::string, std::vector<std::size_t>> families;
    for (std::size_t c = 0; c < model.names.size(); ++c)
        families[feature_family(model.names[c])].push_back(c);
    const std::vector<double> gains = model.classifier->gains();
    const double all_gains = std::accumulate(gains.begin(), gains.end(), 0.0);
    const Matrix scaled = model.scaler.apply(raw);
    const double whole = weighted_f1(model.classifier->probabilities(scaled), labels);
    std::vector<FamilyImportance> list;
    for (const auto& [family, columns] : families) {
        FamilyImportance one{.family = family, .features = static_cast<int>(columns.size())};
        if (all_gains > 0) {
            one.gain = 0;
            for (const auto c : columns) *one.gain += gains[c] / all_gains;
        }
        for (int shuffle = 0; shuffle < kShuffles; ++shuffle) {
            const auto order = shuffled(
                raw.rows, random_stream(seed + static_cast<std::uint64_t>(shuffle), "importance/" + family));
            Matrix changed = scaled;
            for (std::size_t i = 0; i < raw.rows; ++i) {
                for (const auto c : columns) changed.row(i)[c] = scaled.row(order[i])[c];
            }
            one.permutation +=
                (whole - weighted_f1(model.classifier->probabilities(changed), labels)) / kShuffles;
        }
        list.push_back(std::move(one));
    }
    std::ranges::stable_sort(list, std::greater(), &FamilyImportance::permutation);
    return list;
}

}  // namespace kickdrum
