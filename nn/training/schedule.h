// SPDX-License-Identifier: MIT
// Learning-rate schedules: a value type and a pure function of the step, so that a resumed run needs no state;
// and Keras' ReduceLROnPlateau, which has state because it looks at results.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace kickdrum {

enum class ScheduleKind { constant, step, cosine, one_cycle };
std::string_view to_string(ScheduleKind kind);

// With base = the optimiser's learning rate, T = all steps of the training:
//   constant   base
//   step       base * factor^k, k = number of `at_epochs` that have begun, or floor(epoch / every_epochs)
//   cosine     base * (final_fraction + (1 - final_fraction) * (1 + cos(pi * t / T)) / 2)
//   one_cycle  as PyTorch's OneCycleLR (cosine annealing): from base / div_factor up to base over the first
//              warm_fraction of the steps, then down to base / div_factor / final_div_factor
//              With min_beta_1 and max_beta_1, Adam's beta_1 falls from max to min while the rate rises, and
//              rises again while it falls, along the same curves (cycle_momentum)
// warm_up_steps (not for one_cycle): the first steps rise linearly, (t + 1) / warm_up_steps of the value above.
struct ScheduleSpec {
    ScheduleKind kind = ScheduleKind::constant;
    std::int64_t warm_up_steps = 0;
    double factor = 0.1;
    int every_epochs = 0;
    std::vector<int> at_epochs;
    double final_fraction = 0;
    double warm_fraction = 0.3;
    double div_factor = 25;
    double final_div_factor = 1e4;
    std::optional<double> min_beta_1;  // of Adam, one_cycle: both of them, or none
    std::optional<double> max_beta_1;
};

// The rate of step `step` (from 0). Epochs count from 0: epoch = step / steps_per_epoch.
double learning_rate_at(const ScheduleSpec& spec, double base_learning_rate, std::int64_t step,
                        std::int64_t steps_per_epoch, std::int64_t total_steps);

constexpr bool changes_beta_1(const ScheduleSpec& spec) {
    return spec.kind == ScheduleKind::one_cycle && spec.min_beta_1 && spec.max_beta_1;
}
// Adam's beta_1 at that step; nothing where the schedule leaves it alone.
std::optional<double> beta_1_at(const ScheduleSpec& spec, std::int64_t step, std::int64_t total_steps);

// Keras' ReduceLROnPlateau on a monitored value; call it once per epoch end.
struct ReduceOnPlateauSpec {
    bool maximize = false;
    double factor = 0.1;
    int patience = 10;
    double min_delta = 1e-4;
    int cooldown = 0;
    double min_learning_rate = 0;
};

struct ReduceOnPlateauState {
    double best = 0;
    bool has_best = false;
    int wait = 0;
    int cooldown_left = 0;
};

// Returns the learning rate for the next epoch.
double reduce_on_plateau(const ReduceOnPlateauSpec& spec, ReduceOnPlateauState& state, double value,
                         double learning_rate);

}  // namespace kickdrum
