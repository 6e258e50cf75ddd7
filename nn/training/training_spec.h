// SPDX-License-Identifier: MIT
// How a network is trained: what the `training:` block of an experiment says, as plain data.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

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
    double weight_decay = 0;               // decoupled; adamw's default is 0.004
    std::optional<double> global_clipnorm;  // all gradients scaled so that their joint norm is at most this
};

// Arrays as large as the weights that it keeps: 2, 1 or 0.
int moment_count(const OptimizerSpec& optimizer);

struct TrainingSpec {
    OptimizerSpec optimizer;
    ScheduleSpec schedule;
    std::optional<ReduceOnPlateauSpec> reduce_on_plateau;
    std::string reduce_on_plateau_monitor = "val_loss";
    std::vector<float> class_weights;  // by class; empty: all 1
    float label_smoothing = 0;
    int batch_size = 64;
    int epochs = 50;
    std::optional<EarlyStoppingSpec> early_stopping;
};

}  // namespace kickdrum
