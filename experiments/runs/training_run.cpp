// SPDX-License-Identifier: MIT
#include "experiments/runs/training_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "dsp/audio_file.h"
#include "dsp/audio_stream.h"
#include "experiments/data/label_sets.h"
#include "experiments/data/split.h"
#include "experiments/diagnostics.h"
#include "experiments/models/model_file.h"
#include "experiments/runs/dataset_labels.h"
#include "experiments/runs/environment.h"
#include "experiments/runs/memory_text.h"
#include "experiments/runs/stopwatch.h"
#include "experiments/runs/thresholds.h"
#include "kernels/device/device_memory.h"
#include "kernels/device/error.h"
#include "kernels/device/philox.h"
#include "nn/training/memory_plan.h"

namespace kickdrum {
namespace {

PartResult evaluate_part(Trainer& trainer, const ClipTable& table, const std::vector<std::int32_t>& clips) {
    const Evaluation evaluation = trainer.evaluate(clips);
    const std::size_t classes = table.classes.size();
    PartResult part{.loss = evaluation.loss};
    for (std::size_t i = 0; i < clips.size(); ++i) {
        const Clip& clip = table.clips[static_cast<std::size_t>(clips[i])];
        const auto first = evaluation.probabilities.begin() + static_cast<std::ptrdiff_t>(i * classes);
        part.predictions.push_back({.sample_id = clip.id,
                                    .label = clip.label,
                                    .predicted = table.sets ? 0 : evaluation.predicted[i],
                                    .probabilities = {first, first + static_cast<std::ptrdiff_t>(classes)}});
    }
    if (!table.sets) part.scores = scores_of(part.predictions, classes, false);
    return part;
}

// The thresholds are those of the validation part; what is scored by them there is a little too good.
void decide_sets(RunResult& result, std::size_t classes) {
    result.thresholds = best_thresholds(result.val.predictions, classes);
    for (PartResult* part : {&result.train, &result.val, &result.test}) {
        apply_thresholds(part->predictions, result.thresholds);
        part->scores = scores_of(part->predictions, classes, true);
    }
}

EpochRecord record_of(const EpochResult& epoch) {
    return {.epoch = epoch.epoch + 1,
            .loss = epoch.loss,
            .accuracy = epoch.accuracy,
            .val_loss = epoch.val_loss,
            .val_accuracy = epoch.val_accuracy,
            .val_weighted_f1 = epoch.val_weighted_f1,
            .learning_rate = epoch.learning_rate,
            .seconds = epoch.seconds};
}

// The length that predictions cut tracks into: the middle one of some clips, where they're long to a twentieth of a
// second, as encoders add frames. 0 where it's not known.
double seconds_of_a_clip(const ExperimentConfig& config, const ClipTable& table) {
    constexpr std::size_t kLookedAt = 9;
    if (config.features.seconds) return *config.features.seconds;
    if (config.features.pixels) return 0;
    std::vector<double> lengths;
    const std::size_t step = std::max<std::size_t>(1, table.clips.size() / kLookedAt);
    for (std::size_t i = 0; i < table.clips.size(); i += step) {
        try {
            const AudioStream clip(table.clips[i].audio);
            lengths.push_back(static_cast<double>(clip.announced()) / clip.sample_rate());
        } catch (const AudioError&) {  // gone since its features were computed
        }
    }
    if (lengths.empty()) return 0;
    const auto middle = lengths.begin() + std::ssize(lengths) / 2;
    std::nth_element(lengths.begin(), middle, lengths.end());
    return *middle > 2 ? std::round(*middle * 20) / 20 : *middle;
}

ModelFile model_of(const ExperimentConfig& config, const ClipTable& table, const RunResult& result,
                   const TrainingSpec& spec, const Trainer& trainer, const InitialWeights& initial) {
    ModelFile model{.network = {.model = config.model,
                                .input = evaluation_inputs(config.features.clip_shape(), spec),
                                .classes = static_cast<int>(table.classes.size()),
                                .weights = read_weights(trainer.parameters()),
                                .optimizer = {}},
                    .classes = table.classes,
                    .features = config.features,
                    .input_frames = spec.test_frames > 0 ? spec.test_frames : spec.input_frames,
                    .test_rolls = spec.test_rolls,
                    .bands = spec.bands,
                    .facts = {{"kickdrum_version", kickdrum_version()},
                              {"experiment", config.name},
                              {"run", std::to_string(result.run)},
                              {"seed", std::to_string(result.seed)},
                              {"best_epoch", std::to_string(result.best_epoch)},
                              {"experiment_file", config.text}}};
    if (!initial.origin.empty()) model.facts["init_from"] = initial.origin;
    if (const double seconds = seconds_of_a_clip(config, table); seconds > 0)
        model.facts["clip_seconds"] = fmt::format("{}", seconds);
    if (config.data.licence) model.facts["licence"] = *config.data.licence;
    if (table.sets) model.facts["thresholds"] = fmt::format("{:a}", fmt::join(result.thresholds, " "));
    return model;
}

void begin_with(const std::vector<NamedWeights>& weights, ParameterStore& parameters) {
    for (const auto& parameter : parameters.parameters()) {
        const auto given = std::ranges::find(weights, parameter.name, &NamedWeights::name);
        if (given != weights.end()) parameters.write(parameter, given->values);
    }
}

CheckpointIdentity identity_of(const Context& context, const RunResult& result, const Trainer& trainer) {
    std::string network;
    for (const auto& [layer, implementation] : trainer.implementations())
        network += fmt::format("{}{}: {}", network.empty() ? "" : ", ", layer, implementation);
    return {{"version", kickdrum_version()},
            {"run", std::to_string(result.run)},
            {"seed", std::to_string(result.seed)},
            {"device", fmt::format("{} ({}, {})", to_string(context.device()), to_string(context.simd()),
                                   to_string(context.math()))},
            {"network", network}};
}

double steady_seconds() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// The checkpoints of one run: the one that it begins with, and those that it writes.
class RunCheckpoints {
 public:
    RunCheckpoints(const CheckpointOptions& options, CheckpointIdentity identity,
                   const TrainingRunHooks& hooks)
        : folder_(options.folder), hooks_(hooks), pace_(steady_seconds) {
        checkpoint_.identity = options.identity;
        checkpoint_.identity.merge(identity);
    }

    FitState restore(Trainer& trainer, RunResult& result) {
        if (folder_.empty()) return {};
        FoundCheckpoint found = find_checkpoint(folder_, checkpoint_.identity);
        const bool any = found.checkpoint.has_value();
        for (const auto& reason : found.refused) {
            warn(fmt::format("{}; {}", reason,
                             any ? "the one before it is used" : "the run begins from its start"));
        }
        if (!any) return {};
        trainer.load_state(found.checkpoint->trainer);
        result.history = std::move(found.checkpoint->history);
        result.best_epoch = found.checkpoint->best_epoch;
        seconds_before_ = found.checkpoint->seconds;
        return found.checkpoint->fit;
    }

    // A disk that is full costs the checkpoint, not the run.
    void save(const Trainer& trainer, const RunResult& result, const FitState& state, bool interrupted) {
        if (folder_.empty() || !(interrupted || pace_.due())) return;
        pace_.begin();
        checkpoint_.fit = state;
        checkpoint_.history = result.history;
        checkpoint_.best_epoch = result.best_epoch;
        checkpoint_.seconds = trained_seconds();
        trainer.save_state(checkpoint_.trainer);
        try {
            write_checkpoint(folder_, checkpoint_);
        } catch (const UserError& error) {
            if (!warned_) {
                warn(fmt::format("{}; run {} goes on without a checkpoint of its last epochs",
                                 error.diagnostics().front().message, result.run));
            }
            warned_ = true;
        }
        seconds_ += pace_.end();
    }

    double seconds() const { return seconds_; }  // that checkpoints took, in this call of the program
    double seconds_before() const { return seconds_before_; }
    double trained_seconds() const { return seconds_before_ + training_.seconds(); }

 private:
    void warn(const std::string& message) const {
        if (hooks_.on_warning) hooks_.on_warning(message);
    }

    std::filesystem::path folder_;
    const TrainingRunHooks& hooks_;
    CheckpointPace pace_;
    Checkpoint checkpoint_;  // its memory is used again
    Stopwatch training_;
    double seconds_ = 0;
    double seconds_before_ = 0;
    bool warned_ = false;
};

}  // namespace

namespace {

// By class, over the training part.
std::vector<std::int64_t> training_clips(const ClipTable& table, const Split& split) {
    std::vector<std::int64_t> counts(table.classes.size());
    for (std::size_t i = 0; i < table.clips.size(); ++i) {
        if (split.parts[i] != Part::train) continue;
        for (const int c : classes_in(table.clips[i].label, table.sets))
            ++counts[static_cast<std::size_t>(c)];
    }
    return counts;
}

// A class without a training clip has no weight to give.
float balanced_weight(std::int64_t clips, std::int64_t of, std::int64_t count) {
    if (count == 0) return 1;
    return static_cast<float>(static_cast<double>(clips) / static_cast<double>(of * count));
}

}  // namespace

std::vector<float> class_weights(const ExperimentConfig& config, const ClipTable& table, const Split& split) {
    using Kind = ClassWeights::Kind;
    const Kind kind = config.class_weights.kind;
    if (kind == Kind::none) return {};
    const std::int64_t clips = std::ssize(clips_of(split, Part::train));
    const auto counts = training_clips(table, split);
    std::vector<float> weights;
    if (table.sets) {  // of the clips without each class, then of those with it
        for (const auto count : counts)
            weights.push_back(kind == Kind::given ? 1 : balanced_weight(clips, 2, clips - count));
    }
    if (kind == Kind::given) {
        weights.insert(weights.end(), config.class_weights.given.begin(), config.class_weights.given.end());
        return weights;
    }
    for (const auto count : counts)
        weights.push_back(balanced_weight(clips, table.sets ? 2 : std::ssize(counts), count));
    return weights;
}

std::uint64_t run_seed(const ExperimentConfig& config, int run) {
    return derived_seed(config.seed, "run", static_cast<std::uint64_t>(run));
}

std::unique_ptr<Trainer> make_trainer(Context& context, const ModelSpec& model, const Dataset& dataset,
                                      const TrainingSpec& spec, std::uint64_t seed) {
    try {
        return std::make_unique<Trainer>(context, model, dataset, spec, seed);
    } catch (const OutOfDeviceMemory&) {
        // What the attempt had taken is free again.
        const std::size_t free = free_device_memory(context);
        const Shape clip = dataset.inputs.shape.with_rows(1);
        const std::size_t tables =
            dataset_memory(std::ssize(dataset.labels), dataset.classes, spec.batch_size);
        const auto needed =
            tables + plan_training_memory(context, model, clip, dataset.classes, spec).total();
        const int largest =
            largest_batch(context, model, clip, dataset.classes, spec, free - std::min(free, tables));
        throw UserError(ExitCode::environment,
                        out_of_memory_text(static_cast<std::int64_t>(needed), static_cast<std::int64_t>(free),
                                           spec.batch_size, largest));
    }
}

TrainingRunOutcome train_run(Context& context, const ExperimentConfig& config, const ClipTable& table,
                             const Split& split, Tensor inputs, const BandSums* bands, int run,
                             const TrainingRunHooks& hooks, const CheckpointOptions& checkpoints,
                             const InitialWeights& initial) {
    const Stopwatch total;
    TrainingRunOutcome outcome;
    RunResult& result = outcome.result;
    result.run = run;
    result.seed = run_seed(config, run);

    const DatasetLabels labels(table);
    const Dataset dataset = labels.dataset(inputs);
    TrainingSpec spec = config.training;
    spec.class_weights = class_weights(config, table, split);
    if (bands != nullptr) spec.bands = bands->statistics(clips_of(split, Part::train));
    const auto memory = make_trainer(context, config.model, dataset, spec, result.seed);
    Trainer& trainer = *memory;
    outcome.implementations = trainer.implementations();
    begin_with(initial.weights, trainer.parameters());

    RunCheckpoints saved(checkpoints, identity_of(context, result, trainer), hooks);
    const FitState start = saved.restore(trainer, result);
    if (hooks.on_start) hooks.on_start(result.history);

    FitHooks fit_hooks;
    fit_hooks.on_epoch = [&](const EpochResult& epoch) {
        result.history.push_back(record_of(epoch));
        if (epoch.improved || !spec.early_stopping) result.best_epoch = epoch.epoch + 1;
        if (hooks.on_epoch) hooks.on_epoch(result);
    };
    fit_hooks.go_on = [&](int, double done) { return !hooks.go_on || hooks.go_on(done); };
    fit_hooks.on_state = [&](const FitState& state, bool interrupted) {
        saved.save(trainer, result, state, interrupted);
    };

    const FitResult fitted = fit(trainer, spec, dataset, clips_of(split, Part::train),
                                 clips_of(split, Part::val), result.seed, fit_hooks, start);
    result.seconds["train"] = saved.trained_seconds();
    result.seconds["checkpoint"] = saved.seconds();
    result.best_epoch = fitted.best_epoch + 1;
    result.stopped_early = fitted.stopped_early;
    outcome.interrupted = fitted.interrupted;
    if (fitted.interrupted) return outcome;

    const Stopwatch evaluating;
    result.train = evaluate_part(trainer, table, clips_of(split, Part::train));
    result.val = evaluate_part(trainer, table, clips_of(split, Part::val));
    result.test = evaluate_part(trainer, table, clips_of(split, Part::test));
    if (table.sets) decide_sets(result, table.classes.size());
    result.seconds["evaluate"] = evaluating.seconds();
    ModelFile model = model_of(config, table, result, spec, trainer, initial);
    outcome.weights = to_safetensors(model);
    if (config.save_h5) {
        model.network.optimizer = trainer.optimizer_state();
        outcome.files.emplace_back("model.h5", to_keras_h5(model));
    }
    result.seconds["total"] = total.seconds() + saved.seconds_before();
    return outcome;
}

}  // namespace kickdrum
