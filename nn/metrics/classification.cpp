// SPDX-License-Identifier: MIT
#include "nn/metrics/classification.h"

#include <stdexcept>
#include <string>
#include <string_view>

namespace kickdrum {
namespace {

std::size_t checked_class(std::string_view what, int value, int classes) {
    if (value < 0 || value >= classes) {
        throw std::invalid_argument("classify: " + std::string(what) + " " + std::to_string(value) +
                                    " is outside [0, " + std::to_string(classes) + ")");
    }
    return static_cast<std::size_t>(value);
}

double ratio(std::int64_t numerator, std::int64_t denominator) {
    return denominator == 0 ? 0.0 : static_cast<double>(numerator) / static_cast<double>(denominator);
}

ClassScores scores_of(const std::vector<std::vector<std::int64_t>>& confusion, std::size_t index) {
    std::int64_t of_label = 0;
    std::int64_t of_prediction = 0;
    for (std::size_t other = 0; other < confusion.size(); ++other) {
        of_label += confusion[index][other];
        of_prediction += confusion[other][index];
    }
    const std::int64_t hits = confusion[index][index];
    return {.precision = ratio(hits, of_prediction),
            .recall = ratio(hits, of_label),
            .f1 = ratio(2 * hits, of_prediction + of_label),
            .support = of_label};
}

}  // namespace

Classification classify(std::span<const int> labels, std::span<const int> predicted, int classes) {
    if (classes < 1) throw std::invalid_argument("classify: there must be at least one class");
    if (labels.size() != predicted.size()) {
        throw std::invalid_argument("classify: " + std::to_string(labels.size()) + " labels, but " +
                                    std::to_string(predicted.size()) + " predictions");
    }
    const auto count = static_cast<std::size_t>(classes);
    Classification result;
    result.confusion.assign(count, std::vector<std::int64_t>(count, 0));
    for (std::size_t i = 0; i < labels.size(); ++i) {
        ++result.confusion[checked_class("label", labels[i], classes)]
                          [checked_class("prediction", predicted[i], classes)];
    }
    std::int64_t hits = 0;
    double f1_sum = 0;
    double weighted_sum = 0;
    for (std::size_t index = 0; index < count; ++index) {
        const ClassScores scores = scores_of(result.confusion, index);
        hits += result.confusion[index][index];
        f1_sum += scores.f1;
        weighted_sum += scores.f1 * static_cast<double>(scores.support);
        result.per_class.push_back(scores);
    }
    const auto samples = static_cast<std::int64_t>(labels.size());
    result.accuracy = ratio(hits, samples);
    result.macro_f1 = f1_sum / static_cast<double>(classes);
    result.weighted_f1 = samples == 0 ? 0.0 : weighted_sum / static_cast<double>(samples);
    return result;
}

Classification classify_sets(std::span<const std::uint8_t> labels, std::span<const std::uint8_t> predicted,
                             int classes) {
    if (classes < 1) throw std::invalid_argument("classify_sets: there must be at least one class");
    const auto count = static_cast<std::size_t>(classes);
    if (labels.size() != predicted.size() || labels.size() % count != 0)
        throw std::invalid_argument("classify_sets: labels and predictions of different sizes");
    struct Counts {
        std::int64_t hits = 0, predicted = 0, support = 0;
        double f1() const { return ratio(2 * hits, predicted + support); }
    };
    std::vector<Counts> by_class(count);
    Counts all;
    Classification result;
    result.sets = true;
    std::int64_t exact = 0;
    double samples_sum = 0;
    for (std::size_t first = 0; first < labels.size(); first += count) {
        Counts sample;
        for (std::size_t c = 0; c < count; ++c) {
            const bool is = labels[first + c] != 0;
            const bool said = predicted[first + c] != 0;
            for (Counts* counts : {&sample, &by_class[c], &all}) {
                counts->hits += is && said ? 1 : 0;
                counts->predicted += said ? 1 : 0;
                counts->support += is ? 1 : 0;
            }
        }
        exact += sample.hits == sample.predicted && sample.hits == sample.support ? 1 : 0;
        samples_sum += sample.f1();
    }
    double weighted_sum = 0;
    for (const Counts& one : by_class) {
        result.per_class.push_back({.precision = ratio(one.hits, one.predicted),
                                    .recall = ratio(one.hits, one.support),
                                    .f1 = one.f1(),
                                    .support = one.support});
        result.macro_f1 += one.f1() / static_cast<double>(classes);
        weighted_sum += one.f1() * static_cast<double>(one.support);
    }
    const auto samples = static_cast<std::int64_t>(labels.size() / count);
    result.accuracy = ratio(exact, samples);
    result.micro_f1 = all.f1();
    result.samples_f1 = samples == 0 ? 0 : samples_sum / static_cast<double>(samples);
    result.weighted_f1 = all.support == 0 ? 0 : weighted_sum / static_cast<double>(all.support);
    return result;
}

int argmax(std::span<const float> values) {
    std::size_t best = 0;
    for (std::size_t i = 1; i < values.size(); ++i) {
        if (values[i] > values[best]) best = i;
    }
    return static_cast<int>(best);
}

}  // namespace kickdrum
