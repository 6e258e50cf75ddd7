// SPDX-License-Identifier: MIT
// Evaluations: what the network says of clips, averaged over rolls of them.
#include <algorithm>
#include <cmath>

#include "nn/metrics/classification.h"
#include "nn/training/trainer.h"

namespace kickdrum {

// Writes the rows of the results that begin at `first`.
void Trainer::evaluate_batch(std::int64_t rows, std::int64_t first) {
    forward(rows, false);
    const auto from_first = [&](Tensor tensor) {
        tensor.data = tensor.f32() + first * tensor.shape.row_count();
        tensor.shape = tensor.shape.with_rows(rows);
        return tensor;
    };
    loss(rows, false, from_first(probabilities_), from_first(row_loss_), {});
}

Evaluation Trainer::evaluate(std::span<const std::int32_t> clips, int rolls) {
    Evaluation result;
    if (clips.empty()) return result;
    const AverageInPlace average(context_, average_, parameters_, step_);
    evaluate_rolls(clips, rolls == 0 ? spec_.test_rolls : rolls, result);
    const auto classes = static_cast<std::size_t>(dataset_.classes);
    std::int64_t correct = 0;
    for (std::size_t i = 0; i < clips.size(); ++i) {
        if (dataset_.has_sets()) {
            const auto set = dataset_.set_of(static_cast<std::size_t>(clips[i]));
            for (std::size_t c = 0; c < classes; ++c)
                result.predicted_sets.push_back(result.probabilities[i * classes + c] >= 0.5F ? 1 : 0);
            if (std::equal(set.begin(), set.end(), result.predicted_sets.end() - std::ssize(set))) ++correct;
            continue;
        }
        result.predicted.push_back(argmax({result.probabilities.data() + i * classes, classes}));
        if (result.predicted.back() == dataset_.labels[static_cast<std::size_t>(clips[i])]) ++correct;
    }
    result.accuracy = static_cast<double>(correct) / static_cast<double>(clips.size());
    return result;
}

// The probabilities' mean over the rolls, and the loss of that mean; with one roll, what the device says.
void Trainer::evaluate_rolls(std::span<const std::int32_t> clips, int rolls, Evaluation& result) {
    const auto classes = static_cast<std::size_t>(dataset_.classes);
    const std::int64_t stored = dataset_.inputs.shape[2];
    const auto* const values = reinterpret_cast<const float*>(host_results_.data());
    const auto clip_count = static_cast<double>(clips.size());
    if (rolls == 1) {
        first_frame_ = (stored - network(false).input_shape[2]) / 2;
        evaluate_once(clips);
        result.probabilities.assign(values, values + clips.size() * classes);
        for (std::size_t i = 0; i < clips.size(); ++i)
            result.loss += static_cast<double>(values[clips.size() * classes + i]);
        result.loss /= clip_count;
        return;
    }
    std::vector<double> sums(clips.size() * classes);
    for (int roll = 0; roll < rolls; ++roll) {
        first_frame_ = roll * stored / rolls;
        evaluate_once(clips);
        for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += static_cast<double>(values[i]);
    }
    for (const double sum : sums) result.probabilities.push_back(static_cast<float>(sum / rolls));
    for (double& sum : sums) sum /= rolls;
    for (std::size_t i = 0; i < clips.size(); ++i) {
        result.loss +=
            loss_of(static_cast<std::size_t>(clips[i]), std::span(sums).subspan(i * classes, classes));
    }
    result.loss /= clip_count;
}

double Trainer::loss_of(std::size_t clip, std::span<const double> probabilities) const {
    constexpr double kLeast = 1e-30;
    if (!dataset_.has_sets())
        return -std::log(std::max(probabilities[static_cast<std::size_t>(dataset_.labels[clip])], kLeast));
    const auto set = dataset_.set_of(clip);
    double loss = 0;
    for (std::size_t c = 0; c < set.size(); ++c) {
        const double right = set[c] != 0 ? probabilities[c] : 1 - probabilities[c];
        loss -= std::log(std::max(right, kLeast)) / static_cast<double>(set.size());
    }
    return loss;
}

// Into host_results_: probabilities, then losses.
void Trainer::evaluate_once(std::span<const std::int32_t> clips) {
    tables_.upload(clips, {}, step_);
    for (std::int64_t batch = 0; batch < tables_.batches(); ++batch) {
        // Where a batch's results go is part of its graph.
        evaluation_graphs_[static_cast<std::size_t>(batch)].run(context_, [this, batch] {
            evaluate_batch(rows_with_padding(batch), batch * tables_.batch_size());
        });
    }
    const Tensor probabilities = probabilities_.first_rows(std::ssize(clips));
    download_async(context_, probabilities, host_results_, 0);
    download_async(context_, row_loss_.first_rows(std::ssize(clips)), host_results_, probabilities.bytes());
    synchronize(context_);
}

}  // namespace kickdrum
