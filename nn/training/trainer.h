// SPDX-License-Identifier: MIT
// Trainer: one network with its memory, on one device: train_step() and evaluate(). Everything is planned and
// allocated by the constructor, which then freezes the context: a step allocates nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "nn/layers/sequential.h"
#include "nn/model/model_spec.h"
#include "nn/training/training_spec.h"

namespace kickdrum {

// The clips to learn from, resident on the device. Not owned.
struct Dataset {
    Tensor inputs;                // [n, height, width, channels]
    std::span<const int> labels;  // [n], in [0, classes)
    int classes = 0;
};

struct StepResult {
    double loss_sum = 0;  // sum over the batch of weight * cross-entropy
    std::int64_t correct = 0;
    std::int64_t clips = 0;
};

struct Evaluation {
    double loss = 0;  // mean cross-entropy, unweighted, no label smoothing
    double accuracy = 0;
    std::vector<float> probabilities;  // [clips, classes], in the order asked for
    std::vector<int> predicted;        // the most probable class, the first of equals
};

class Trainer {
 public:
    // `spec.class_weights` is empty or has one weight per class. The dataset must outlive the trainer.
    Trainer(Context& context, const ModelSpec& model, const Dataset& dataset, const TrainingSpec& spec,
            std::uint64_t seed);
    ~Trainer();
    Trainer(const Trainer&) = delete;
    Trainer& operator=(const Trainer&) = delete;

    // One optimiser step on up to batch_size clips (indices into the dataset).
    StepResult train_step(std::span<const std::int32_t> indices, double learning_rate);
    Evaluation evaluate(std::span<const std::int32_t> indices);

    ParameterStore& parameters() { return parameters_; }
    const ParameterStore& parameters() const { return parameters_; }
    std::uint64_t step() const { return state().step; }

    void save_weights() { best_.save(context_, parameters_); }        // to the snapshot
    void restore_weights() { best_.restore(context_, parameters_); }  // from it

    // The algorithm of each layer that has a choice: ("conv2d_1", "winograd_4x4:avx2"), ...
    std::vector<std::pair<std::string, std::string>> implementations() const;

 private:
    void load_batch(std::span<const std::int32_t> indices, bool training);
    void forward(std::int64_t rows, bool training);
    void begin_step(std::int64_t rows, double learning_rate);
    void optimizer_step();
    StepState& state() const { return *static_cast<StepState*>(state_memory_.data()); }

    Context& context_;
    Dataset dataset_;
    TrainingSpec spec_;
    std::uint64_t seed_;

    std::unique_ptr<Sequential> model_;
    ParameterStore parameters_;
    Arena arena_;
    Buffer moments_;  // of the optimiser: one or two flat arrays
    Tensor moment_1_, moment_2_;
    WeightsSnapshot best_;

    Buffer batch_memory_;  // the loss's side: small tensors that live for the whole step
    Tensor src_, logits_, probabilities_, diff_logits_, row_loss_, weights_, labels_, indices_, clip_scratch_;
    Buffer state_memory_;
};

}  // namespace kickdrum
