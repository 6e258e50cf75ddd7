// SPDX-License-Identifier: MIT
#include "nn/training/trainer.h"

#include <algorithm>

#include "kernels/ops/binary_cross_entropy.h"
#include "kernels/ops/elementwise.h"
#include "kernels/ops/optimizer.h"
#include "kernels/ops/softmax_cross_entropy.h"
#include "nn/layers/residual_layer.h"
#include "nn/model/model_builder.h"

namespace kickdrum {
namespace {

// Plans the model for full batches; parameters are declared and allocated on the way.
Arena plan_model(Context& context, Sequential& model, ParameterStore& parameters, const Shape& src) {
    MemoryPlanner memory;
    Planning planning{.context = context, .memory = memory, .parameters = parameters};
    model.plan(planning, src);
    parameters.allocate(context);
    Arena arena(context, memory.solve());
    model.bind(arena, parameters);
    return arena;
}

using Implementations = std::vector<std::pair<std::string, std::string>>;

void collect_implementations(const Sequential& chain, Implementations& names) {
    for (const auto& layer : chain.layers()) {
        if (const auto* residual = dynamic_cast<const ResidualLayer*>(layer.get())) {
            collect_implementations(residual->body(), names);
            collect_implementations(residual->shortcut(), names);
        } else if (const std::string implementation = layer->implementation(); !implementation.empty()) {
            names.emplace_back(layer->name(), implementation);
        }
    }
}

}  // namespace

int moment_count(const OptimizerSpec& optimizer) {
    if (optimizer.kind != OptimizerKind::sgd) return 2;
    return optimizer.momentum > 0 ? 1 : 0;
}

std::string_view to_string(OptimizerKind kind) {
    switch (kind) {
        case OptimizerKind::adam: return "adam";
        case OptimizerKind::adamw: return "adamw";
        case OptimizerKind::sgd: return "sgd";
    }
    return "?";
}

Trainer::Trainer(Context& context, const ModelSpec& model, const Dataset& dataset, const TrainingSpec& spec,
                 std::uint64_t seed)
    : context_(context),
      dataset_(dataset),
      spec_(spec),
      seed_(seed),
      training_(make_network(model, network_inputs(dataset.inputs.shape, spec), spec.augment)),
      moments_(context,
               static_cast<std::size_t>(moment_count(spec.optimizer)) * parameters_.values().bytes()),
      average_(context, parameters_, spec.average_decay),
      best_(context, parameters_),
      tables_(context, dataset, spec),
      evaluation_graphs_(static_cast<std::size_t>(tables_.largest_batches())) {
    require(spec.test_rolls >= 1, "an evaluation over {} rolls", spec.test_rolls);
    const Shape test_inputs = evaluation_inputs(dataset.inputs.shape, spec);
    if (test_inputs != network_inputs(dataset.inputs.shape, spec))
        testing_ = make_network(model, test_inputs, {});
    const Shape flat = parameters_.values().shape;
    if (moment_count(spec.optimizer) > 0) moment_1_ = moments_.tensor(flat);
    if (moment_count(spec.optimizer) > 1) {
        moment_2_ = moments_.tensor(flat, DType::f32, parameters_.values().bytes());
    }
    capture_steps(true);
    take_memory();
    parameters_.initialize(seed);
    begin_epoch(0, 0);
    context_.freeze();
}

Trainer::Network Trainer::make_network(const ModelSpec& model, const Shape& inputs,
                                       const AugmentSpec& augment) {
    Network network;
    network.input_shape = inputs.with_rows(spec_.batch_size);
    if (spec_.prepares_inputs()) {
        network.augment = make_augment(
            context_, augment,
            {.clip = dataset_.inputs.shape.with_rows(1), .width = inputs[2], .batch = spec_.batch_size},
            spec_.bands, seed_);
    }
    network.model = build_model(model, dataset_.classes);
    network.arena = plan_model(context_, *network.model, parameters_, network.input_shape);
    return network;
}

void Trainer::take_memory() {
    const std::int64_t n = spec_.batch_size;
    const Shape scores{n, dataset_.classes};
    const auto clip_words = static_cast<std::int64_t>(clip_scratch_bytes() / sizeof(float));
    const DType type = context_.activation_dtype();
    struct Part {
        Tensor& tensor;
        Shape shape;
        DType dtype = DType::f32;

        std::size_t bytes() const {
            return (static_cast<std::size_t>(shape.count()) * size_of(dtype) + 63) / 64 * 64;
        }
    };
    std::vector<Part> parts = {
        {logits_, scores, type},    {diff_logits_, scores, type}, {weights_, {n}},
        {labels_, {n}, DType::i32}, {indices_, {n}, DType::i32},  {clip_scratch_, {clip_words}}};
    for (Network* one : {&training_, &testing_}) {
        if (one->model && (one->augment || !one->model->takes_rows()))
            parts.push_back({one->src, one->input_shape, type});
    }
    if (training_.augment) {
        parts.push_back({other_labels_, {n}, DType::i32});
        parts.push_back({shares_, {n}});
        parts.push_back({mixed_weights_, {n}});
    }
    std::size_t total = 0;
    for (const Part& part : parts) total += part.bytes();
    batch_memory_ = Buffer(context_, total);
    std::size_t offset = 0;
    for (const Part& part : parts) {
        part.tensor = batch_memory_.tensor(part.shape, part.dtype, offset);
        offset += part.bytes();
    }

    const std::int64_t rows = tables_.largest_batches() * n;
    const auto score_bytes = static_cast<std::size_t>(rows * dataset_.classes) * sizeof(float);
    results_ = Buffer(context_, score_bytes + static_cast<std::size_t>(rows) * sizeof(float));
    host_results_ = HostBuffer(context_, results_.bytes());
    probabilities_ = results_.tensor({rows, dataset_.classes});
    row_loss_ = results_.tensor({rows}, DType::f32, score_bytes);
}

Trainer::~Trainer() {
    context_.thaw();
}

void Trainer::capture_steps(bool on) {
    capture_ = on;
    graph_.capture(on);
    // The place of a roll would be part of the graph.
    for (StepGraph& graph : evaluation_graphs_) graph.capture(on && spec_.test_rolls == 1);
}

std::int64_t Trainer::rows_with_padding(std::int64_t batch) const {
    return captures_steps(context_) ? tables_.batch_size() : tables_.rows(batch);
}

void Trainer::forward(std::int64_t rows, bool training) {
    const BatchTables tables = training ? tables_.for_training() : tables_.for_evaluation();
    begin_batch(context_, tables, tables_.state(), indices_.first_rows(rows), labels_.first_rows(rows),
                weights_.first_rows(rows));
    prepare_inputs(rows, training);
    const Network& seen = network(training);
    seen.model->forward(context_, pass(rows, training), src(seen, rows), logits_.first_rows(rows));
}

// A first layer that takes rows of the dataset reads the batch where it is; for others it's gathered.
Tensor Trainer::src(const Network& network, std::int64_t rows) const {
    return network.src ? network.src.first_rows(rows) : dataset_.inputs;
}

Pass Trainer::pass(std::int64_t rows, bool training) const {
    return {.training = training,
            .seed = seed_,
            .state = tables_.state(),
            .rows = network(training).src ? Tensor{} : indices_.first_rows(rows)};
}

void Trainer::prepare_inputs(std::int64_t rows, bool training) {
    const Network& seen = network(training);
    if (!seen.src) return;
    const Tensor indices = indices_.first_rows(rows);
    const Tensor src = seen.src.first_rows(rows);
    if (!seen.augment) {
        gather_rows(context_, dataset_.inputs, indices, src);
    } else if (training) {
        seen.augment->train(context_, tables_.state(), dataset_.inputs,
                            {.indices = indices,
                             .labels = labels_.first_rows(rows),
                             .weights = weights_.first_rows(rows),
                             .dst = src,
                             .other_labels = other_labels_.first_rows(rows),
                             .shares = shares_.first_rows(rows),
                             .mixed_weights = mixed_weights_.first_rows(rows)});
    } else {
        seen.augment->evaluate(context_, dataset_.inputs, indices, first_frame_, src);
    }
}

// The batch's loss is the sum of weighted losses over the number of clips, whatever the weights add up to.
void Trainer::loss(std::int64_t rows, bool training, Tensor probabilities, Tensor row_loss,
                   Tensor diff_logits) {
    MixedLabels mixed;
    if (training && training_.augment != nullptr && training_.augment->mixes())
        mixed = {.other_labels = other_labels_.first_rows(rows), .shares = shares_.first_rows(rows)};
    const Tensor weights =
        (training && training_.augment != nullptr ? mixed_weights_ : weights_).first_rows(rows);
    const float smoothing = training ? spec_.label_smoothing : 0;
    const Tensor logits = logits_.first_rows(rows);
    const Tensor labels = labels_.first_rows(rows);
    if (dataset_.has_sets()) {
        binary_cross_entropy(context_, {.label_smoothing = smoothing},
                             training ? tables_.sets_for_training() : tables_.sets_for_evaluation(), logits,
                             labels, weights, tables_.state(), probabilities, row_loss, diff_logits, mixed);
    } else {
        softmax_cross_entropy(context_, {.label_smoothing = smoothing}, logits, labels, weights,
                              tables_.state(), probabilities, row_loss, diff_logits, mixed);
    }
}

void Trainer::run_step(std::int64_t rows) {
    forward(rows, true);
    const Tensor logits = logits_.first_rows(rows);
    const Tensor diff_logits = diff_logits_.first_rows(rows);
    loss(rows, true, probabilities_.first_rows(rows), row_loss_.first_rows(rows), diff_logits);
    training_.model->backward(context_, pass(rows, true), src(training_, rows), logits, diff_logits, {});
    optimizer_step();
    average_.update(context_, tables_.state(), parameters_);
}

std::optional<StepResult> Trainer::train_epoch(std::span<const std::int32_t> clips,
                                               std::span<const double> learning_rates, const GoOn& go_on,
                                               EpochProgress* progress, std::span<const double> beta_1) {
    require(!clips.empty(), "an epoch of no clips");
    require(!learning_rates.empty(), "an epoch without learning rates");
    require(beta_1.empty() == !changes_beta_1(spec_.schedule), "an epoch whose steps lack their beta_1");
    const EpochProgress begin = progress == nullptr ? EpochProgress{} : *progress;
    tables_.upload(clips, learning_rates, step_, begin, beta_1);
    const bool waits_for_each = !captures_steps(context_);
    const auto stopped = [&](std::int64_t batches) -> std::optional<StepResult> {
        const StepState state = tables_.download_state();
        if (progress != nullptr)
            *progress = {.batches = batches, .loss_sum = state.loss_sum, .correct = state.correct};
        return {};
    };
    for (std::int64_t batch = begin.batches; batch < tables_.batches(); ++batch) {
        graph_.run(context_, [this, batch] { run_step(rows_with_padding(batch)); });
        ++step_;
        const auto done = static_cast<double>(batch * tables_.batch_size() + tables_.rows(batch)) /
                          static_cast<double>(clips.size());
        const bool last = batch + 1 == tables_.batches();
        if (go_on && (waits_for_each || !last) && !go_on(done)) return stopped(batch + 1);
    }
    const StepState state = tables_.download_state();
    if (!waits_for_each && go_on && !go_on(1.0)) return stopped(tables_.batches());
    return StepResult{.loss_sum = state.loss_sum, .correct = state.correct, .clips = std::ssize(clips)};
}

StepResult Trainer::train_step(std::span<const std::int32_t> clips, double learning_rate) {
    require(std::ssize(clips) <= tables_.batch_size(), "a batch of {} clips, planned for {}", clips.size(),
            tables_.batch_size());
    const double beta_1 = spec_.optimizer.beta_1;
    std::span<const double> betas;
    if (changes_beta_1(spec_.schedule)) betas = {&beta_1, 1};
    return *train_epoch(clips, {&learning_rate, 1}, {}, nullptr, betas);
}

void Trainer::save_weights() {
    const AverageInPlace average(context_, average_, parameters_, step_);
    best_.save(context_, parameters_);
}

void Trainer::restore_weights() {
    best_.restore(context_, parameters_);
    average_.taken();
}

std::vector<Tensor> Trainer::lasting_memory() const {
    std::vector<Tensor> all{parameters_.values(), parameters_.state(), parameters_.shadow(), moment_1_,
                            moment_2_};
    for (const Tensor& part : average_.memory()) all.push_back(part);
    for (const Tensor& part : best_.memory()) all.push_back(part);
    std::erase_if(all, [](const Tensor& tensor) { return !tensor || tensor.bytes() == 0; });
    for (Tensor& tensor : all) {
        tensor.shape = {static_cast<std::int64_t>(tensor.bytes())};
        tensor.dtype = DType::u8;
    }
    return all;
}

void Trainer::save_state(TrainerState& state) const {
    state.step = step_;
    std::size_t bytes = 0;
    for (const Tensor& part : lasting_memory()) bytes += part.bytes();
    state.memory.resize(bytes);
    std::size_t offset = 0;
    for (const Tensor& part : lasting_memory()) {
        download(context_, part, state.memory.data() + offset);
        offset += part.bytes();
    }
}

void Trainer::load_state(const TrainerState& state) {
    std::size_t bytes = 0;
    for (const Tensor& part : lasting_memory()) bytes += part.bytes();
    require(state.memory.size() == bytes, "the state of a trainer has {} bytes, this one needs {}",
            state.memory.size(), bytes);
    step_ = state.step;
    std::size_t offset = 0;
    for (const Tensor& part : lasting_memory()) {
        upload(context_, state.memory.data() + offset, part);
        offset += part.bytes();
    }
}

std::vector<std::pair<std::string, std::string>> Trainer::implementations() const {
    Implementations names;
    collect_implementations(*training_.model, names);
    return names;
}

}  // namespace kickdrum
