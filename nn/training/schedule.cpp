// SPDX-License-Identifier: MIT
#include "nn/training/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "kernels/device/error.h"

namespace kickdrum {
namespace {

// Half a cosine from `from` (fraction 0) to `to` (fraction 1).
double anneal(double from, double to, double fraction) {
    return to + (from - to) / 2 * (1 + std::cos(std::numbers::pi * fraction));
}

double step_rate(const ScheduleSpec& spec, double base, std::int64_t epoch) {
    const std::int64_t reductions = spec.every_epochs > 0
                                        ? epoch / spec.every_epochs
                                        : std::count_if(spec.at_epochs.begin(), spec.at_epochs.end(),
                                                        [&](int at) { return epoch >= at; });
    return base * std::pow(spec.factor, static_cast<double>(reductions));
}

double cosine_rate(const ScheduleSpec& spec, double base, std::int64_t step, std::int64_t total_steps) {
    const double fraction =
        static_cast<double>(std::min(step, total_steps)) / static_cast<double>(total_steps);
    return anneal(base, base * spec.final_fraction, fraction);
}

// From `start` over `top` to `end`.
double one_cycle(const ScheduleSpec& spec, double start, double top, double end, std::int64_t step,
                 std::int64_t total_steps) {
    const auto last = static_cast<double>(total_steps - 1);
    const double peak =
        spec.warm_fraction * static_cast<double>(total_steps) - 1;  // PyTorch's; needn't be whole
    const double t = std::min(static_cast<double>(step), last);
    if (t <= peak) return peak > 0 ? anneal(start, top, t / peak) : top;
    return anneal(top, end, (t - peak) / (last - peak));
}

double planned_rate(const ScheduleSpec& spec, double base, std::int64_t step, std::int64_t steps_per_epoch,
                    std::int64_t total_steps) {
    switch (spec.kind) {
        case ScheduleKind::constant: return base;
        case ScheduleKind::step: return step_rate(spec, base, step / steps_per_epoch);
        case ScheduleKind::cosine: return cosine_rate(spec, base, step, total_steps);
        case ScheduleKind::one_cycle: {
            const double start = base / spec.div_factor;
            return one_cycle(spec, start, base, start / spec.final_div_factor, step, total_steps);
        }
    }
    return base;
}

}  // namespace

std::string_view to_string(ScheduleKind kind) {
    switch (kind) {
        case ScheduleKind::constant: return "constant";
        case ScheduleKind::step: return "step";
        case ScheduleKind::cosine: return "cosine";
        case ScheduleKind::one_cycle: return "one_cycle";
    }
    return "?";
}

double learning_rate_at(const ScheduleSpec& spec, double base_learning_rate, std::int64_t step,
                        std::int64_t steps_per_epoch, std::int64_t total_steps) {
    require(step >= 0 && steps_per_epoch > 0 && total_steps > 0,
            "learning_rate_at: no step {} in {} steps of {} per epoch", step, total_steps, steps_per_epoch);
    const double rate = planned_rate(spec, base_learning_rate, step, steps_per_epoch, total_steps);
    if (spec.kind == ScheduleKind::one_cycle || step >= spec.warm_up_steps) return rate;
    return rate * static_cast<double>(step + 1) / static_cast<double>(spec.warm_up_steps);
}

std::optional<double> beta_1_at(const ScheduleSpec& spec, std::int64_t step, std::int64_t total_steps) {
    if (!changes_beta_1(spec)) return {};
    return one_cycle(spec, *spec.max_beta_1, *spec.min_beta_1, *spec.max_beta_1, step, total_steps);
}

double reduce_on_plateau(const ReduceOnPlateauSpec& spec, ReduceOnPlateauState& state, double value,
                         double learning_rate) {
    if (state.cooldown_left > 0) {
        --state.cooldown_left;
        state.wait = 0;
    }
    // A NaN makes each of these comparisons false.
    const bool better =
        spec.maximize ? value - spec.min_delta > state.best : value + spec.min_delta < state.best;
    if (!state.has_best || better) {
        state.best = value;
        state.has_best = true;
        state.wait = 0;
        return learning_rate;
    }
    if (state.cooldown_left > 0) return learning_rate;
    ++state.wait;
    if (state.wait < spec.patience || learning_rate <= spec.min_learning_rate) return learning_rate;
    state.cooldown_left = spec.cooldown;
    state.wait = 0;
    return std::max(learning_rate * spec.factor, spec.min_learning_rate);
}

}  // namespace kickdrum
