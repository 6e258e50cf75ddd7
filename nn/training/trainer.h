// SPDX-License-Identifier: MIT
// Trainer: one network with its memory, on one device: train_epoch() and evaluate(). Everything is planned
// and allocated by the constructor, which then freezes the context: a step allocates nothing.
//
// On CUDA the host asks for a whole epoch and waits once, at its end: steps read what differs between them
// from tables in the device's memory (epoch_tables.h), so that one captured step (step_graph.h) serves all.
// Batches have the full size there, a last partial one is padded with rows that count nowhere. On the CPU it
// simply has fewer rows. In Math::bf16 the logits and their gradient are bf16, like all activations; the loss
// is computed in fp32.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "kernels/device/step_graph.h"
#include "kernels/ops/augment.h"
#include "nn/layers/sequential.h"
#include "nn/model/network.h"
#include "nn/training/epoch_tables.h"
#include "nn/training/learning_slices.h"
#include "nn/training/trainer_results.h"
#include "nn/training/weight_average.h"

namespace kickdrum {

class Trainer {
 public:
    // `spec.class_weights` is empty or has one weight per class. The dataset must outlive the trainer.
    Trainer(Context& context, const ModelSpec& model, const Dataset& dataset, const TrainingSpec& spec,
            std::uint64_t seed);
    ~Trainer();
    Trainer(const Trainer&) = delete;
    Trainer& operator=(const Trainer&) = delete;

    // Freezes the layers that don't learn in this epoch (from 0), by TrainingSpec::layers. To be called before
    // an epoch's steps, and again where training goes on from a saved state; epoch 0 is begun already.
    void begin_epoch(int epoch, std::int64_t steps_per_epoch);

    // Asked after each step with the share of the epoch that is done; false stops. On CUDA steps are only
    // asked for then, ahead of the device by as many as its driver takes, and the last question comes when
    // they are done.
    using GoOn = std::function<bool(double done)>;
    // One optimiser step on each batch of the clips (indices into the dataset, at most as many as it has), by
    // its learning rate, and by its beta_1 where the schedule moves it: one for each of the batches. Nothing where go_on stopped it; `progress` then says
    // how far it came, and a later call goes on from there.
    std::optional<StepResult> train_epoch(std::span<const std::int32_t> clips,
                                          std::span<const double> learning_rates, const GoOn& go_on = {},
                                          EpochProgress* progress = nullptr,
                                          std::span<const double> beta_1 = {});
    // The same with up to batch_size clips and the optimiser's beta_1, waiting for the result.
    StepResult train_step(std::span<const std::int32_t> clips, double learning_rate);
    // At most as many clips as the dataset has; waits once. By the weights' average, where there is one. rolls:
    // instead of TrainingSpec::test_rolls; 0: as that says.
    Evaluation evaluate(std::span<const std::int32_t> clips, int rolls = 0);

    // On CUDA: whether steps and evaluations are captured (the default). Without, they give the same bits,
    // each asked for in full.
    void capture_steps(bool on);

    ParameterStore& parameters() { return parameters_; }
    const ParameterStore& parameters() const { return parameters_; }
    std::uint64_t step() const { return step_; }  // optimiser steps done

    void save_weights();     // or their average, to the snapshot
    void restore_weights();  // from it
    // At the end of training: the weights' average takes their place, where there is one.
    void take_average() { average_.take(context_, parameters_); }

    // Copies it out, into memory that is used again, and back; waits for the device. load_state() throws
    // InvalidArgument where the size is another's. Behind it, training gives the bits that it would have
    // given.
    void save_state(TrainerState& state) const;
    void load_state(const TrainerState& state);

    // The optimiser as it stands, in no device's layout; and back: throws InvalidArgument, and changes
    // nothing, where it's another kind of optimiser's, or its names or shapes aren't those of the network.
    OptimizerState optimizer_state() const;
    void set_optimizer_state(const OptimizerState& state);

    // The algorithm of each layer that has a choice: ("conv2d_1", "winograd_4x4:avx2"), ...
    std::vector<std::pair<std::string, std::string>> implementations() const;

 private:
    // The network, planned for batches of one shape, and what it reads.
    struct Network {
        Shape input_shape;                 // of a batch, as the network sees it
        std::unique_ptr<Augment> augment;  // null: inputs are only gathered
        std::unique_ptr<Sequential> model;
        Arena arena;
        Tensor src;  // the prepared batch, or no tensor
    };

    Network make_network(const ModelSpec& model, const Shape& inputs, const AugmentSpec& augment);
    const Network& network(bool training) const { return training || !testing_.model ? training_ : testing_; }
    void take_memory();
    std::vector<Tensor> lasting_memory() const;
    void run_step(std::int64_t rows);
    void forward(std::int64_t rows, bool training);
    Tensor src(const Network& network, std::int64_t rows) const;
    Pass pass(std::int64_t rows, bool training) const;
    void prepare_inputs(std::int64_t rows, bool training);
    void evaluate_batch(std::int64_t rows, std::int64_t first);
    void evaluate_rolls(std::span<const std::int32_t> clips, int rolls, Evaluation& result);
    void evaluate_once(std::span<const std::int32_t> clips);
    void loss(std::int64_t rows, bool training, Tensor probabilities, Tensor row_loss, Tensor diff_logits);
    double loss_of(std::size_t clip, std::span<const double> probabilities) const;
    void optimizer_step();
    void update(const LearningSlice& slice);
    // The rows of tensors for a batch: with the padding where there is any.
    std::int64_t rows_with_padding(std::int64_t batch) const;

    Context& context_;
    Dataset dataset_;
    TrainingSpec spec_;
    std::uint64_t seed_;

    ParameterStore parameters_;
    Network training_;
    Network testing_;               // where evaluations see other inputs; else empty
    std::int64_t first_frame_ = 0;  // of an evaluation
    Buffer moments_;                // of the optimiser: one or two flat arrays
    Tensor moment_1_, moment_2_;
    WeightAverage average_;
    WeightsSnapshot best_;

    EpochTables tables_;
    StepGraph graph_;
    std::vector<StepGraph> evaluation_graphs_;  // one for each batch of the largest evaluation
    std::uint64_t step_ = 0;
    bool capture_ = true;
    std::vector<LearningSlice> slices_;  // what the optimiser's pass is cut into

    Buffer batch_memory_;  // small tensors that live for the whole step
    Tensor logits_, diff_logits_, weights_, labels_, indices_, clip_scratch_;
    Tensor other_labels_, shares_, mixed_weights_;  // of the augmentation
    // Of a whole evaluation; a training step uses the first rows.
    Buffer results_;
    HostBuffer host_results_;
    Tensor probabilities_, row_loss_;
};

}  // namespace kickdrum
