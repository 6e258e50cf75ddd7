// SPDX-License-Identifier: MIT
#include "nn/training/fit.h"

#include <algorithm>
#include <chrono>

#include "kernels/device/philox.h"
#include "nn/metrics/classification.h"

namespace kickdrum {
namespace {

double monitored(const std::string& name, const EpochResult& epoch) {
    if (name == "loss") return epoch.loss;
    if (name == "accuracy") return epoch.accuracy;
    if (name == "val_loss") return epoch.val_loss;
    if (name == "val_accuracy") return epoch.val_accuracy;
    require(name == "val_weighted_f1", "can't monitor '{}'", name);
    return epoch.val_weighted_f1;
}

double seconds_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// One call of fit(): the loop's unchanging inputs and its state.
class Fit {
 public:
    Fit(Trainer& trainer, const TrainingSpec& spec, const Dataset& dataset,
        std::span<const std::int32_t> train, std::span<const std::int32_t> val, std::uint64_t seed,
        const FitHooks& hooks, const FitState& start)
        : trainer_(trainer),
          spec_(spec),
          dataset_(dataset),
          train_(train),
          val_(val),
          seed_(seed),
          hooks_(hooks),
          state_(start) {
        for (const auto clip : val) {
            const auto place = static_cast<std::size_t>(clip);
            val_labels_.push_back(dataset.labels[place]);
            if (!dataset.has_sets()) continue;
            const auto set = dataset.set_of(place);
            val_sets_.insert(val_sets_.end(), set.begin(), set.end());
        }
        const auto batch = static_cast<std::int64_t>(spec.batch_size);
        const auto clips = std::ssize(train);
        steps_per_epoch_ = (clips + batch - 1) / batch;
        // Fewer clips than a batch has are one nevertheless.
        if (!spec.keeps_last_batch) steps_per_epoch_ = std::max<std::int64_t>(clips / batch, 1);
        clips_per_epoch_ = std::min(clips, steps_per_epoch_ * batch);
    }

    FitResult run() {
        bool interrupted = false;
        while (state_.next_epoch < spec_.epochs && !state_.stopped_early && !interrupted) {
            interrupted = !one_epoch();
            if (hooks_.on_state) hooks_.on_state(state_, interrupted);
        }
        const bool restore = spec_.early_stopping && spec_.early_stopping->restore_best_weights;
        if (state_.has_best && restore) {
            trainer_.restore_weights();
        } else if (!interrupted) {
            trainer_.take_average();
        }
        return {.best_epoch = restore ? state_.best_epoch : std::max(0, state_.next_epoch - 1),
                .epochs = state_.next_epoch,
                .stopped_early = state_.stopped_early,
                .interrupted = interrupted};
    }

 private:
    // Returns false where it was interrupted.
    bool one_epoch() {
        EpochResult epoch{.epoch = state_.next_epoch};
        const auto start = std::chrono::steady_clock::now();
        trainer_.begin_epoch(epoch.epoch, steps_per_epoch_);
        if (!train_epoch(epoch)) return false;
        state_.progress = {};
        validate(epoch);
        epoch.seconds = seconds_since(start);
        const EarlyStoppingDecision decision = decide(epoch);
        epoch.improved = decision.improved;
        if (decision.improved) {
            state_.best_epoch = epoch.epoch;
            state_.has_best = true;
            trainer_.save_weights();
        }
        state_.stopped_early = decision.stop;
        ++state_.next_epoch;
        plateau(epoch);
        if (hooks_.on_epoch) hooks_.on_epoch(epoch);
        return true;
    }

    double learning_rate(std::int64_t step) const {
        const double base = spec_.optimizer.learning_rate * state_.plateau_rate_factor;
        return learning_rate_at(spec_.schedule, base, step, steps_per_epoch_,
                                steps_per_epoch_ * spec_.epochs);
    }

    bool train_epoch(EpochResult& epoch) {
        auto order = shuffled(train_, seed_, epoch.epoch);
        order.resize(static_cast<std::size_t>(clips_per_epoch_));
        std::vector<double> rates;
        std::vector<double> betas;
        const std::int64_t first = static_cast<std::int64_t>(trainer_.step()) - state_.progress.batches;
        for (std::int64_t step = 0; step < steps_per_epoch_; ++step) {
            rates.push_back(learning_rate(first + step));
            if (const auto beta_1 = beta_1_at(spec_.schedule, first + step, steps_per_epoch_ * spec_.epochs))
                betas.push_back(*beta_1);
        }
        Trainer::GoOn go_on;
        if (hooks_.go_on) go_on = [&](double done) { return hooks_.go_on(epoch.epoch, done); };
        const auto sums = trainer_.train_epoch(order, rates, go_on, &state_.progress, betas);
        if (!sums) return false;
        epoch.learning_rate = rates.back();
        epoch.loss = sums->loss_sum / static_cast<double>(sums->clips);
        epoch.accuracy = static_cast<double>(sums->correct) / static_cast<double>(sums->clips);
        return true;
    }

    void validate(EpochResult& epoch) {
        const Evaluation evaluation = trainer_.evaluate(val_, spec_.validation_rolls);
        epoch.val_loss = evaluation.loss;
        epoch.val_accuracy = evaluation.accuracy;
        const Classification scores =
            dataset_.has_sets() ? classify_sets(val_sets_, evaluation.predicted_sets, dataset_.classes)
                                : classify(val_labels_, evaluation.predicted, dataset_.classes);
        epoch.val_weighted_f1 = scores.weighted_f1;
    }

    EarlyStoppingDecision decide(const EpochResult& epoch) {
        if (!spec_.early_stopping) return {};
        const EarlyStoppingSpec& stopping = *spec_.early_stopping;
        return early_stopping(stopping, state_.stopping, epoch.epoch, monitored(stopping.monitor, epoch));
    }

    void plateau(const EpochResult& epoch) {
        if (!spec_.reduce_on_plateau) return;
        const double base = spec_.optimizer.learning_rate;
        const double rate = reduce_on_plateau(*spec_.reduce_on_plateau, state_.plateau,
                                              monitored(spec_.reduce_on_plateau_monitor, epoch),
                                              base * state_.plateau_rate_factor);
        state_.plateau_rate_factor = rate / base;
    }

    Trainer& trainer_;
    const TrainingSpec& spec_;
    const Dataset& dataset_;
    std::span<const std::int32_t> train_;
    std::span<const std::int32_t> val_;
    std::uint64_t seed_;
    const FitHooks& hooks_;
    FitState state_;
    std::vector<int> val_labels_;
    std::vector<std::uint8_t> val_sets_;  // of a dataset that has them
    std::int64_t steps_per_epoch_ = 0;
    std::int64_t clips_per_epoch_ = 0;
};

}  // namespace

std::vector<std::int32_t> shuffled(std::span<const std::int32_t> indices, std::uint64_t seed, int epoch) {
    std::vector<std::int32_t> order(indices.begin(), indices.end());
    const RandomStream stream = random_stream(seed, "shuffle");
    for (std::size_t left = order.size(); left > 1; --left) {
        const Philox4 bits = philox(stream, left, static_cast<std::uint64_t>(epoch));
        std::swap(order[left - 1], order[uniform_below(bits[0], static_cast<std::uint32_t>(left))]);
    }
    return order;
}

FitResult fit(Trainer& trainer, const TrainingSpec& spec, const Dataset& dataset,
              std::span<const std::int32_t> train, std::span<const std::int32_t> val, std::uint64_t seed,
              const FitHooks& hooks, const FitState& start) {
    require(!train.empty(), "there is no clip to train on");
    require(!val.empty(), "there is no clip to validate on");
    return Fit(trainer, spec, dataset, train, val, seed, hooks, start).run();
}

}  // namespace kickdrum
