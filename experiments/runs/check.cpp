// SPDX-License-Identifier: MIT
#include "experiments/runs/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "experiments/config/device_choice.h"
#include "experiments/data/band_sums.h"
#include "experiments/data/label_sets.h"
#include "experiments/data/labels.h"
#include "experiments/data/split.h"
#include "experiments/diagnostics.h"
#include "experiments/models/initial_weights.h"
#include "experiments/runs/dataset_labels.h"
#include "experiments/runs/experiment_data.h"
#include "experiments/runs/interrupt.h"
#include "experiments/runs/progress.h"
#include "experiments/runs/stopwatch.h"
#include "experiments/runs/training_run.h"
#include "nn/training/trainer.h"

namespace kickdrum {
namespace {

constexpr int kTimedSteps = 3;

int count_groups(const ClipTable& table) {
    std::set<std::string_view> groups;
    for (const auto& clip : table.clips) groups.insert(clip.group);
    return static_cast<int>(groups.size());
}

SplitCheck count_parts(const ClipTable& table, const Split& split) {
    SplitCheck check{.seed = split.seed, .clips = {}, .all_clips = {}, .groups = {}};
    check.clips.resize(table.classes.size());
    std::array<std::set<std::string_view>, 3> groups;
    for (std::size_t i = 0; i < table.clips.size(); ++i) {
        const auto part = static_cast<std::size_t>(split.parts[i]);
        for (const int c : classes_in(table.clips[i].label, table.sets))
            ++check.clips[static_cast<std::size_t>(c)][part];
        ++check.all_clips[part];
        groups[part].insert(table.clips[i].group);
    }
    for (std::size_t part = 0; part < 3; ++part) check.groups[part] = static_cast<int>(groups[part].size());
    return check;
}

// The network doesn't fit the features or the number of classes: a mistake of the experiment file.
std::vector<LayerRow> layers_of(const ExperimentConfig& config, const ClipTable& table) {
    try {
        return describe_model(config.model, config.input_shape(), static_cast<int>(table.classes.size()));
    } catch (const ModelError& error) {
        throw UserError(ExitCode::usage, std::vector<Diagnostic>{{.message = error.what(),
                                                                  .file = config.file.string(),
                                                                  .line = error.line,
                                                                  .column = error.column}});
    }
}

// Builds the network as a run does and times a few steps.
void try_training(const ExperimentConfig& config, const Split& split, const std::vector<float>& images,
                  Context& context, CheckReport& report) {
    const auto clip_count = std::ssize(report.table.clips);
    const Buffer inputs = upload_images(context, images, clip_count);
    const DatasetLabels labels(report.table);
    const Dataset dataset = labels.dataset(inputs.tensor(config.features.clip_shape().with_rows(clip_count)));
    TrainingSpec spec = config.training;
    spec.class_weights = class_weights(config, report.table, split);
    if (config.features.standardize)
        spec.bands = BandSums(images, config.features.clip_shape()).statistics(clips_of(split, Part::train));

    const auto bytes_before = static_cast<std::int64_t>(context.bytes_in_use());
    const auto planned = make_trainer(context, config.model, dataset, spec, run_seed(config, 1));
    Trainer& trainer = *planned;
    report.implementations = trainer.implementations();
    const std::int64_t weights = parameter_count(report.layers) * std::int64_t{sizeof(float)};
    MemoryCheck& memory = report.memory;
    memory.features = static_cast<std::int64_t>(inputs.bytes());
    memory.parameters = weights * (2 + moment_count(spec.optimizer) + (spec.average_decay > 0 ? 1 : 0));
    memory.best_weights = weights;
    memory.activations =
        std::max<std::int64_t>(0, static_cast<std::int64_t>(context.bytes_in_use()) - bytes_before -
                                      memory.parameters - memory.best_weights);

    const auto train = clips_of(split, Part::train);
    const auto val = clips_of(split, Part::val);
    const std::size_t batch = std::min(train.size(), static_cast<std::size_t>(spec.batch_size));
    const auto step = [&] {
        const Stopwatch watch;
        trainer.train_step({train.data(), batch}, spec.optimizer.learning_rate);
        return watch.seconds();
    };
    step();  // touches the memory and warms the caches
    std::vector<double> steps;
    for (int i = 0; i < kTimedSteps; ++i) steps.push_back(step());
    std::nth_element(steps.begin(), steps.begin() + kTimedSteps / 2, steps.end());

    TimeCheck& time = report.time;
    time.step_seconds = steps[kTimedSteps / 2];
    const std::size_t val_batch = std::min(val.size(), static_cast<std::size_t>(spec.batch_size));
    const Stopwatch watch;
    trainer.evaluate({val.data(), val_batch}, spec.validation_rolls);
    const double seconds_per_val_clip =
        watch.seconds() / static_cast<double>(std::max<std::size_t>(1, val_batch));
    time.epoch_seconds = time.step_seconds * static_cast<double>(train.size()) / static_cast<double>(batch) +
                         seconds_per_val_clip * static_cast<double>(val.size());
    const int rounds = (config.runs + report.plan.parallel - 1) / report.plan.parallel;
    time.total_seconds = time.epoch_seconds * spec.epochs * rounds;
}

// Fills in what is known of the data, and returns it; nothing where it was interrupted.
std::optional<ExperimentData> check_data(const ExperimentConfig& config, const CheckOptions& options,
                                         Context* context, Progress& progress, CheckReport& report) {
    const InterruptGuard interrupt;
    progress.stage("Labels");
    const ClipTable labels = read_labels(config.data);
    progress.stage_done(fmt::format("{} clips in {} classes", labels.clips.size(), labels.classes.size()));
    report.layers = layers_of(config, labels);
    const InitialWeights initial = read_initial_weights(config, labels.classes);
    report.warnings.insert(report.warnings.end(), initial.warnings.begin(), initial.warnings.end());
    for (const auto& dropped : labels.dropped) {
        report.warnings.push_back(fmt::format("{} rows {} don't count", dropped.rows, dropped.reason));
    }

    progress.stage("Features");
    ExperimentData data = load_experiment_data(config, labels,
                                               {.cache = options.cache,
                                                .threads = options.threads,
                                                .context = context,
                                                .progress = [&](std::int64_t done, std::int64_t total) {
                                                    progress.stage_progress(done, total);
                                                    return !interrupt.interrupted();
                                                }});
    if (data.stopped) return std::nullopt;
    progress.stage_done(
        fmt::format("{} clips, {} of them from the cache", data.table.clips.size(), data.from_cache));
    report.table = std::move(data.table);
    report.groups = count_groups(report.table);
    report.skipped = std::move(data.skipped);
    report.from_cache = data.from_cache;
    report.computed = data.computed;
    report.warnings.insert(report.warnings.end(), data.warnings.begin(), data.warnings.end());
    return data;
}

// For a GPU that isn't here: what its library would do, and about how much memory it takes.
void check_elsewhere(const ExperimentConfig& config, const std::string& architecture, CheckReport& report) {
    report.convolutions = check_convolutions(config, report.layers, architecture);
    const int classes = static_cast<int>(report.table.classes.size());
    const TrainingMemory run = estimate_gpu_memory(config, classes);
    const std::int64_t clip = config.features.clip_shape().count();
    report.memory = {.features = std::ssize(report.table.clips) * clip * std::int64_t{sizeof(float)},
                     .parameters = static_cast<std::int64_t>(run.parameters + run.moments + run.average),
                     .best_weights = static_cast<std::int64_t>(run.best_weights),
                     .activations = static_cast<std::int64_t>(run.activations + run.batch +
                                                              workspace_of(report.convolutions))};
}

}  // namespace

CheckReport check_experiment(const ExperimentConfig& config, const CheckOptions& options,
                             Progress& progress) {
    const bool elsewhere = !options.architecture.empty();
    if (elsewhere) require_planning(options.architecture);
    const Device device = elsewhere ? Device::cuda : choose_device(config);
    CheckReport report{.config = &config,
                       .threads = worker_threads(options.threads),
                       .plan = plan_runs(config, device, options.threads),
                       .device = device,
                       .simd = std::string(to_string(best_simd_level())),
                       .architecture = options.architecture};
    std::optional<Context> context;  // none elsewhere: the features are the CPU's then
    if (!elsewhere) context.emplace(context_options(config, device, report.plan.threads));
    const auto data = check_data(config, options, context ? &*context : nullptr, progress, report);
    if (!data) {
        report.interrupted = true;
        return report;
    }
    const std::vector<Split> splits = make_splits(config, report.table);
    for (const auto& split : splits) {
        report.splits.push_back(count_parts(report.table, split));
        for (const auto& warning : split_warnings(report.table, split)) {
            report.warnings.push_back(warning);
        }
    }
    report.leaks = check_leaks(report.table, splits, data->duplicates);
    for (const auto& warning : leak_warnings(report.leaks, report.leaks.pairs.size()))
        report.warnings.push_back(warning);
    if (elsewhere) {
        progress.stage("Plans");
        check_elsewhere(config, options.architecture, report);
        progress.stage_done(fmt::format("{} passes of convolutions", report.convolutions.size()));
        return report;
    }
    if (device == Device::cuda) report.gpu = cuda_status().facts.gpus.front().name;
    progress.stage("Trial steps");
    try_training(config, splits[0], data->images, *context, report);
    progress.stage_done(fmt::format("{} and one to warm up", kTimedSteps));
    return report;
}

}  // namespace kickdrum
