// SPDX-License-Identifier: MIT
// Evaluations: what the network says of clips, averaged over rolls of them.
#include <algorithm>
#include <cmath>

#include "kernels/ops/softmax_cross_entropy.h"
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
    softmax_cross_entropy(context_, {}, logits_.first_rows(rows), labels_.first_rows(rows),
                          weights_.first_rows(rows), tables_.state(), from_first(probabilities_),
                          from_first(row_loss_), {});
}

Evaluation Trainer::evaluate(std::span<const std::int32_t> clips, int rolls) {
    Evaluation result;
    if (clips.empty()) return result;
    const AverageInPlace average(context_, average_, parameters_, step_);
    evaluate_rolls(clips, rolls == 0 ? spec_.test_rolls : rolls, result);
    const auto classes = static_cast<std::size_t>(dataset_.classes);
    result.predicted.reserve(clips.size());
    std::int64_t correct = 0;
    for (std::size_t i = 0; i < clips.size(); ++i) {
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
    for (std::size_t i = 0; i < clips.size(); ++i) {
        const auto label = static_cast<std::size_t>(dataset_.labels[static_cast<std::size_t>(clips[i])]);
        result.loss -= std::log(std::max(sums[i * classes + label] / rolls, 1e-30));
    }
    result.loss /= clip_count;
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
