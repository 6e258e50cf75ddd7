// SPDX-License-Identifier: MIT
// EpochTables: what the steps of an epoch read, in the device's memory: the StepState and the tables of
// kernels/ops/batch_step.h. They are sent once an epoch, in one transfer, and the state comes back once.
#pragma once

#include <cstdint>
#include <span>

#include "kernels/device/transfer.h"
#include "kernels/ops/batch_step.h"
#include "kernels/ops/binary_cross_entropy.h"
#include "nn/training/training_spec.h"

namespace kickdrum {

// The clips to learn from, resident on the device. Not owned.
struct Dataset {
    Tensor inputs;                // [n, height, width, channels]
    std::span<const int> labels;  // [n], in [0, classes), or numbers of sets
    int classes = 0;
    // Where a clip has several classes or none: the sets that occur, [sets, classes] of 0 and 1. Else empty.
    std::span<const std::uint8_t> label_sets{};

    bool has_sets() const { return !label_sets.empty(); }
    int label_count() const {  // of different labels
        return has_sets() ? static_cast<int>(std::ssize(label_sets) / classes) : classes;
    }
    std::span<const std::uint8_t> set_of(std::size_t clip) const {
        const auto size = static_cast<std::size_t>(classes);
        return label_sets.subspan(static_cast<std::size_t>(labels[clip]) * size, size);
    }
};

// How far an epoch has come: whole batches, and the sums over their clips.
struct EpochProgress {
    std::int64_t batches = 0;
    double loss_sum = 0;
    std::int64_t correct = 0;
};

class EpochTables {
 public:
    EpochTables(Context& context, const Dataset& dataset, const TrainingSpec& spec);

    // As many clips as the dataset has fit.
    std::int64_t largest_batches() const { return clips_.rows(); }
    std::int64_t batch_size() const { return clips_.shape[1]; }

    // Cuts the clips (indices into the dataset) into batches, pads the last one with the first clip, and
    // sends them with a new state that begins at optimiser step `step`, behind the batches of `done`.
    // learning_rates, beta_1: one a batch, or none: zeros. Until the device has taken the tables, synchronize() or
    // download_state(), nothing more may be sent.
    void upload(std::span<const std::int32_t> clips, std::span<const double> learning_rates,
                std::uint64_t step, const EpochProgress& done = {}, std::span<const double> beta_1 = {});
    // Of the epoch that was sent.
    std::int64_t batches() const { return batches_; }
    std::int64_t rows(std::int64_t batch) const;

    StepState* state() const { return static_cast<StepState*>(memory_.data()); }
    // Waits for all that was asked of the device.
    StepState download_state() const;

    BatchTables for_training() const { return tables(class_weights_); }
    BatchTables for_evaluation() const { return tables(ones_); }
    // Of a dataset that has them; an evaluation weighs all classes alike.
    LabelSets sets_for_training() const { return {.present = sets_, .class_weights = set_weights_}; }
    LabelSets sets_for_evaluation() const { return {.present = sets_, .class_weights = set_ones_}; }

 private:
    BatchTables tables(const Tensor& class_weights) const {
        return {clips_, rows_, learning_rates_, beta_1_, dataset_labels_, class_weights};
    }

    Context& context_;
    Buffer memory_;  // state, rows, learning rates, beta_1, clips: laid out as in staging_
    HostBuffer staging_;
    Buffer constants_;
    Tensor clips_, rows_, learning_rates_, beta_1_;
    Tensor dataset_labels_, class_weights_, ones_;
    void upload_sets(const Dataset& dataset, const TrainingSpec& spec);
    Buffer set_memory_;  // empty: each clip has one class
    Tensor sets_, set_weights_, set_ones_;
    std::size_t rows_offset_ = 0, rates_offset_ = 0, beta_1_offset_ = 0, clips_offset_ = 0;
    std::int64_t batches_ = 0;
};

}  // namespace kickdrum
