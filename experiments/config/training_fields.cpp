// SPDX-License-Identifier: MIT
#include "experiments/config/experiment_fields.h"

namespace kickdrum {
namespace {

constexpr NumberRange kShare{.low = 0, .high = 1, .without_high = true};
constexpr NumberRange kPositive{.low = 0, .without_low = true};
constexpr NumberRange kNotNegative{.low = 0};
constexpr IntegerRange kEpochs{1, 1'000'000};

void monitor(Fields& fields, std::string& value, bool& maximize) {
    fields.choice<std::string>({"monitor", "column of history.csv to watch"}, value,
                               {{"val_loss", "val_loss"},
                                {"val_accuracy", "val_accuracy"},
                                {"val_weighted_f1", "val_weighted_f1"},
                                {"loss", "loss"},
                                {"accuracy", "accuracy"}});
    maximize = monitor_is_maximized(value);
}

void common_optimizer_fields(Fields& fields, OptimizerSpec& spec) {
    fields.number({"weight_decay", "share of the weights taken away per step and learning rate"},
                  spec.weight_decay, kNotNegative);
    fields.number_or_none({"global_clipnorm", "largest joint norm of all gradients"}, spec.global_clipnorm,
                          kPositive);
}

void adam_fields(Fields& fields, OptimizerSpec& spec) {
    fields.number({"learning_rate", "step size"}, spec.learning_rate, kPositive);
    fields.number({"beta_1", "decay of the mean of the gradients"}, spec.beta_1, kShare);
    fields.number({"beta_2", "decay of the mean of their squares"}, spec.beta_2, kShare);
    fields.number({"epsilon", "keeps the division finite"}, spec.epsilon, kPositive);
    common_optimizer_fields(fields, spec);
}

void sgd_fields(Fields& fields, OptimizerSpec& spec) {
    fields.number({"learning_rate", "step size"}, spec.learning_rate, kPositive);
    fields.number({"momentum", "share of the last step that the next one keeps"}, spec.momentum, kShare);
    fields.boolean({"nesterov", "Nesterov's momentum"}, spec.nesterov);
    common_optimizer_fields(fields, spec);
}

void optimizer(Fields& fields, OptimizerSpec& spec) {
    const auto make = [&spec](OptimizerKind kind, double learning_rate, double weight_decay) {
        return [&spec, kind, learning_rate, weight_decay] {
            spec = {.kind = kind,
                    .learning_rate = learning_rate,
                    .weight_decay = weight_decay,
                    .global_clipnorm = {}};
        };
    };
    const auto adam_options = [&spec](Fields& options) { adam_fields(options, spec); };
    fields.one_of({"optimizer", "how weights follow from gradients"}, to_string(spec.kind),
                  {{.name = "adam",
                    .meaning = "Adam, as Keras",
                    .select = make(OptimizerKind::adam, 0.001, 0),
                    .options = adam_options},
                   {.name = "adamw",
                    .meaning = "Adam with decoupled weight decay",
                    .select = make(OptimizerKind::adamw, 0.001, 0.004),
                    .options = adam_options},
                   {.name = "sgd",
                    .meaning = "stochastic gradient descent",
                    .select = make(OptimizerKind::sgd, 0.01, 0),
                    .options = [&spec](Fields& options) { sgd_fields(options, spec); }}});
}

void warm_up(Fields& fields, ScheduleSpec& spec) {
    fields.integer({"warm_up_steps", "steps over which the rate rises from 0 at the start"},
                   spec.warm_up_steps, {0, 1'000'000'000});
}

void step_fields(Fields& fields, ScheduleSpec& spec) {
    fields.number({"factor", "by which the rate is multiplied"}, spec.factor, kPositive);
    fields.integer({"every_epochs", "epochs between two changes; 0: see at_epochs"}, spec.every_epochs,
                   {0, 1'000'000});
    std::vector<std::int64_t> at(spec.at_epochs.begin(), spec.at_epochs.end());
    fields.integers({"at_epochs", "epochs (from 0) at which the rate changes, instead of every_epochs"}, at,
                    kEpochs);
    spec.at_epochs.assign(at.begin(), at.end());
    warm_up(fields, spec);
}

void cosine_fields(Fields& fields, ScheduleSpec& spec) {
    fields.number({"final_fraction", "share of the rate that is left at the end"}, spec.final_fraction,
                  {.low = 0, .high = 1});
    warm_up(fields, spec);
}

void one_cycle_fields(Fields& fields, ScheduleSpec& spec) {
    fields.number({"warm_fraction", "share of all steps over which the rate rises"}, spec.warm_fraction,
                  {.low = 0, .high = 1, .without_low = true, .without_high = true});
    fields.number({"div_factor", "highest rate / first rate"}, spec.div_factor, {.low = 1});
    fields.number({"final_div_factor", "first rate / last rate"}, spec.final_div_factor, {.low = 1});
    fields.number_or_none({"min_beta_1", "Adam's beta_1 where the rate is highest"}, spec.min_beta_1, kShare);
    fields.number_or_none({"max_beta_1", "Adam's beta_1 at both ends"}, spec.max_beta_1, kShare);
}

void schedule(Fields& fields, ScheduleSpec& spec) {
    const auto alternative = [&spec](ScheduleKind kind, std::string_view meaning,
                                     void (*options)(Fields&, ScheduleSpec&)) {
        return Alternative{
            .name = to_string(kind),
            .meaning = meaning,
            .select = [&spec,
                       kind] { spec = {.kind = kind, .at_epochs = {}, .min_beta_1 = {}, .max_beta_1 = {}}; },
            .options = [&spec, options](Fields& block) { options(block, spec); }};
    };
    fields.one_of(
        {"schedule", "how the learning rate changes"}, to_string(spec.kind),
        {alternative(ScheduleKind::constant, "always the optimiser's rate", warm_up),
         alternative(ScheduleKind::step, "multiplied at given epochs", step_fields),
         alternative(ScheduleKind::cosine, "half a cosine down over the whole training", cosine_fields),
         alternative(ScheduleKind::one_cycle, "up, then down, as PyTorch's OneCycleLR", one_cycle_fields)});
}

void reduce_on_plateau_fields(Fields& fields, TrainingSpec& training, ReduceOnPlateauSpec& spec) {
    monitor(fields, training.reduce_on_plateau_monitor, spec.maximize);
    fields.number({"factor", "by which the rate is multiplied"}, spec.factor,
                  {.low = 0, .high = 1, .without_low = true, .without_high = true});
    fields.integer({"patience", "epochs without improvement before it"}, spec.patience, kEpochs);
    fields.number({"min_delta", "smallest change that counts as an improvement"}, spec.min_delta,
                  kNotNegative);
    fields.integer({"cooldown", "epochs to wait after a change"}, spec.cooldown, {0, 1'000'000});
    fields.number({"min_learning_rate", "the rate never falls below it"}, spec.min_learning_rate,
                  kNotNegative);
}

void early_stopping_fields(Fields& fields, EarlyStoppingSpec& spec) {
    monitor(fields, spec.monitor, spec.maximize);
    fields.integer({"patience", "epochs without improvement before training stops"}, spec.patience,
                   {0, 1'000'000});
    fields.number({"min_delta", "smallest change that counts as an improvement"}, spec.min_delta,
                  kNotNegative);
    fields.integer({"start_from_epoch", "epochs (from 0) before it are not looked at"}, spec.start_from_epoch,
                   {0, 1'000'000});
    fields.boolean({"restore_best_weights", "end with the weights of the best epoch"},
                   spec.restore_best_weights);
}

void class_weights(Fields& fields, ExperimentConfig& config, FileOnlyValues& other) {
    using Kind = ClassWeights::Kind;
    auto chosen = static_cast<std::size_t>(config.class_weights.kind);
    const std::vector<Word> words{{"none"}, {"balanced"}};
    fields.word_or_numbers({"class_weights", "how much each class counts in the training loss"}, chosen,
                           words, other.class_weights, kNotNegative);
    config.class_weights.kind = static_cast<Kind>(chosen);
}

void average_decay(Fields& fields, double& decay) {
    std::optional<double> given;
    if (decay > 0) given = decay;
    fields.number_or_none({"average_weights", "decay of the weights' moving average, which is the model"},
                          given, {.low = 0, .high = 1, .without_low = true, .without_high = true});
    decay = given.value_or(0);
}

// What floats hold, as numbers of the file.
void deviation(Fields& fields, const Key& key, float& value, NumberRange range = kNotNegative) {
    double wide = shortest(value);
    fields.number(key, wide, range);
    value = static_cast<float>(wide);
}

void augment_fields(Fields& fields, AugmentSpec& spec) {
    fields.boolean({"time_roll", "a circular shift by any number of frames"}, spec.roll);
    deviation(fields, {"gain", "standard deviation of what is added to a clip"}, spec.gain);
    deviation(fields, {"equalizer", "standard deviation of a random curve over the bands, added"},
              spec.equalizer);
    fields.integer({"equalizer_points", "points of that curve"}, spec.equalizer_points,
                   {2, kMostEqualizerPoints});
    deviation(fields, {"noise", "standard deviation of noise on each cell"}, spec.noise);
    fields.integer({"frequency_masks", "stripes of bands that are hidden"}, spec.frequency_masks,
                   {0, kMostMasks});
    fields.integer({"frequency_mask", "most bands of a stripe"}, spec.frequency_mask, {0, 4096});
    fields.integer({"time_masks", "stripes of frames that are hidden"}, spec.time_masks, {0, kMostMasks});
    fields.integer({"time_mask", "most frames of a stripe"}, spec.time_mask, {0, 4096});
    deviation(fields, {"mask_value", "what hidden cells hold"}, spec.mask_value, {});
    deviation(fields, {"mixup", "alpha of the Beta distribution of shares; 0: no mixup"}, spec.mixup_alpha,
              {.low = 0, .high = 1000});
    deviation(fields, {"mixup_share", "share of the batches that are mixed"}, spec.mixup_share,
              {.low = 0, .high = 1});
}

}  // namespace

void training_fields(Fields& fields, ExperimentConfig& config, FileOnlyValues& other) {
    TrainingSpec& training = config.training;
    optimizer(fields, training.optimizer);
    schedule(fields, training.schedule);
    fields.optional_block<ReduceOnPlateauSpec>(
        {"reduce_on_plateau", "lowers the learning rate when a figure gets no better"},
        training.reduce_on_plateau,
        [&](Fields& block, ReduceOnPlateauSpec& spec) { reduce_on_plateau_fields(block, training, spec); });
    class_weights(fields, config, other);
    double smoothing = shortest(training.label_smoothing);
    fields.number({"label_smoothing", "share of the target spread over all classes"}, smoothing, kShare);
    training.label_smoothing = static_cast<float>(smoothing);
    fields.integer({"batch_size", "clips per training step"}, training.batch_size, {1, 65'536});
    fields.choice<bool>({"last_batch", "of an epoch, where it has fewer clips"}, training.keeps_last_batch,
                        {{"keep", true}, {"drop", false}});
    average_decay(fields, training.average_decay);
    fields.block({"augment", "random changes of the pictures while training"},
                 [&](Fields& block) { augment_fields(block, training.augment); });
    fields.integer_or_word({"input_frames", "frames that the network sees at a time"}, training.input_frames,
                           {1, 4096}, "all", std::int64_t{0});
    fields.integer_or_word({"test_frames", "frames that the network sees at a time in evaluations"},
                           training.test_frames, {1, 4096}, "input_frames", std::int64_t{0});
    fields.integer({"test_rolls", "places of a clip over which an evaluation averages"}, training.test_rolls,
                   {1, 64});
    fields.integer_or_word({"validation_rolls", "the same, at an epoch's end"}, training.validation_rolls,
                           {1, 64}, "test_rolls", 0);
    fields.integer({"epochs", "most epochs of a run"}, training.epochs, kEpochs);
    fields.optional_block<EarlyStoppingSpec>(
        {"early_stopping", "ends a run when a figure gets no better"}, training.early_stopping,
        [&](Fields& block, EarlyStoppingSpec& spec) { early_stopping_fields(block, spec); });
    fields.boolean({"save_h5", "also write model.h5, for Keras, with the optimiser's state"}, config.save_h5);
}

}  // namespace kickdrum
