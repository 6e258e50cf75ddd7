// SPDX-License-Identifier: MIT
// How a network is trained: what the `training:` block of an experiment says, as plain data.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/ops/augment.h"
#include "nn/training/early_stopping.h"
#include "nn/training/schedule.h"

namespace kickdrum {

enum class OptimizerKind { adam, adamw, sgd };
std::string_view to_string(OptimizerKind kind);

struct OptimizerSpec {
    OptimizerKind kind = OptimizerKind::adam;
    double learning_rate = 0.001;
    double beta_1 = 0.9;  // adam, adamw
    double beta_2 = 0.999;
    double epsilon = 1e-7;
    double momentum = 0;  // sgd
    bool nesterov = false;
    double weight_decay = 0;                // decoupled; adamw's default is 0.004
    std::optional<double> global_clipnorm;  // all gradients scaled so that their joint norm is at most this
};

// Arrays as large as the weights that it keeps: 2, 1 or 0.
int moment_count(const OptimizerSpec& optimizer);

// How one layer of the network learns.
struct LayerTraining {
    static constexpr int kNever = std::numeric_limits<int>::max();
    double rate = 1;      // multiplies the learning rate
    int first_epoch = 0;  // the layer is frozen before it: its weights and moments stay as they are
};

struct TrainingSpec {
    OptimizerSpec optimizer;
    std::map<std::string, LayerTraining> layers;  // by the layer's name; the others learn as usual
    ScheduleSpec schedule;
    std::optional<ReduceOnPlateauSpec> reduce_on_plateau;
    std::string reduce_on_plateau_monitor = "val_loss";
    // By class; for sets of classes first of all that are absent, then of all that are present. Empty: all 1.
    std::vector<float> class_weights;
    float label_smoothing = 0;
    int batch_size = 64;
    bool keeps_last_batch = true;  // that has fewer clips
    int epochs = 50;
    std::optional<EarlyStoppingSpec> early_stopping;
    AugmentSpec augment;            // by default, nothing changes
    std::int64_t input_frames = 0;  // that the network sees at a time; 0: all that are stored
    std::int64_t test_frames = 0;   // that it sees in evaluations; 0: as many
    BandStatistics bands;           // to standardise the inputs by; empty: as they are
    int test_rolls = 1;             // an evaluation averages over this many places of the stored frames
    int validation_rolls = 0;       // the same, at an epoch's end; 0: test_rolls
    double average_decay = 0;       // of the weights' moving average, which is the model; 0: none

    bool prepares_inputs() const {
        return augment != AugmentSpec{} || input_frames > 0 || !bands.mean.empty() || test_rolls > 1 ||
               test_frames > 0;
    }
};

// What the network sees of stored clips [n, height, width, channels], while training and in evaluations.
inline Shape network_inputs(Shape stored, const TrainingSpec& spec) {
    if (spec.input_frames > 0) stored = {stored[0], stored[1], spec.input_frames, stored[3]};
    return stored;
}
inline Shape evaluation_inputs(const Shape& stored, const TrainingSpec& spec) {
    if (spec.test_frames == 0) return network_inputs(stored, spec);
    return {stored[0], stored[1], spec.test_frames, stored[3]};
}

}  // namespace kickdrum
