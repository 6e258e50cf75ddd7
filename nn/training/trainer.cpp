// SPDX-License-Identifier: MIT
#include "nn/training/trainer.h"

#include <algorithm>
#include <cmath>

#include "kernels/ops/elementwise.h"
#include "kernels/ops/optimizer.h"
#include "kernels/ops/softmax_cross_entropy.h"
#include "nn/layers/residual_layer.h"
#include "nn/metrics/classification.h"
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

int moment_count(const OptimizerSpec& optimizer) {
    if (optimizer.kind != OptimizerKind::sgd) return 2;
    return optimizer.momentum > 0 ? 1 : 0;
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
      model_(build_model(model, dataset.classes)),
      arena_(plan_model(context, *model_, parameters_, dataset.inputs.shape.with_rows(spec.batch_size))),
      moments_(context,
               static_cast<std::size_t>(moment_count(spec.optimizer)) * parameters_.values().bytes()),
      best_(context, parameters_) {
    const Shape flat = parameters_.values().shape;
    if (moment_count(spec.optimizer) > 0) moment_1_ = moments_.tensor(flat);
    if (moment_count(spec.optimizer) > 1) {
        moment_2_ = moments_.tensor(flat, DType::f32, parameters_.values().bytes());
    }

    const std::int64_t n = spec.batch_size;
    const Shape src = dataset.inputs.shape.with_rows(n);
    const Shape scores{n, dataset.classes};
    const auto bytes = [](std::int64_t count) {
        return static_cast<std::size_t>((count * 4 + 63) / 64 * 64);
    };
    const auto clip_words = static_cast<std::int64_t>(clip_scratch_bytes() / sizeof(float));
    batch_memory_ =
        Buffer(context, bytes(src.count()) + 3 * bytes(scores.count()) + 4 * bytes(n) + bytes(clip_words));
    state_memory_ = Buffer(context, sizeof(StepState));
    std::size_t offset = 0;
    const auto take = [&](const Shape& shape, DType dtype = DType::f32) {
        const Tensor tensor = batch_memory_.tensor(shape, dtype, offset);
        offset += bytes(shape.count());
        return tensor;
    };
    src_ = take(src);
    logits_ = take(scores);
    probabilities_ = take(scores);
    diff_logits_ = take(scores);
    row_loss_ = take({n});
    weights_ = take({n});
    labels_ = take({n}, DType::i32);
    indices_ = take({n}, DType::i32);
    clip_scratch_ = take({clip_words});

    parameters_.initialize(seed);
    context_.freeze();
}

Trainer::~Trainer() {
    context_.thaw();
}

void Trainer::load_batch(std::span<const std::int32_t> indices, bool training) {
    const auto rows = static_cast<std::int64_t>(indices.size());
    require(rows > 0 && rows <= spec_.batch_size, "a batch of {} clips, planned for {}", rows,
            spec_.batch_size);
    for (std::size_t i = 0; i < indices.size(); ++i) {
        const int label = dataset_.labels[static_cast<std::size_t>(indices[i])];
        indices_.i32()[i] = indices[i];
        labels_.i32()[i] = label;
        weights_.f32()[i] = training && !spec_.class_weights.empty()
                                ? spec_.class_weights[static_cast<std::size_t>(label)]
                                : 1.0F;
    }
    gather_rows(context_, dataset_.inputs, indices_.first_rows(rows), src_.first_rows(rows));
}

void Trainer::forward(std::int64_t rows, bool training) {
    const Pass pass{.training = training, .seed = seed_, .state = &state()};
    model_->forward(context_, pass, src_.first_rows(rows), logits_.first_rows(rows));
}

StepResult Trainer::train_step(std::span<const std::int32_t> indices, double learning_rate) {
    const auto rows = static_cast<std::int64_t>(indices.size());
    load_batch(indices, true);
    begin_step(rows, learning_rate);
    forward(rows, true);
    const Tensor logits = logits_.first_rows(rows);
    const Tensor probabilities = probabilities_.first_rows(rows);
    const Tensor diff_logits = diff_logits_.first_rows(rows);
    // The batch's loss is the sum of weighted losses over the number of clips, whatever the weights add up
    // to.
    softmax_cross_entropy(context_, {.label_smoothing = spec_.label_smoothing}, logits,
                          labels_.first_rows(rows), weights_.first_rows(rows), &state(), probabilities,
                          row_loss_.first_rows(rows), diff_logits);
    const Pass pass{.training = true, .seed = seed_, .state = &state()};
    model_->backward(context_, pass, src_.first_rows(rows), logits, diff_logits, {});
    optimizer_step();
    ++state().step;
    return {.loss_sum = state().loss_sum, .correct = state().correct, .clips = rows};
}

void Trainer::begin_step(std::int64_t rows, double learning_rate) {
    state() = {.step = state().step,
               .learning_rate = static_cast<float>(learning_rate),
               .loss_scale = 1.0F / static_cast<float>(rows),
               .rows = static_cast<std::int32_t>(rows)};
}

void Trainer::optimizer_step() {
    const OptimizerSpec& optimizer = spec_.optimizer;
    if (optimizer.global_clipnorm) {
        clip_by_global_norm(context_, *optimizer.global_clipnorm, parameters_.gradients(), clip_scratch_,
                            &state());
    }
    const auto update = [&](Tensor values, Tensor gradients, Tensor moment_1, Tensor moment_2, double decay) {
        if (optimizer.kind == OptimizerKind::sgd) {
            sgd_step(context_,
                     {.momentum = static_cast<float>(optimizer.momentum),
                      .nesterov = optimizer.nesterov,
                      .weight_decay = static_cast<float>(decay)},
                     &state(), values, gradients, moment_1);
        } else {
            adam_step(context_,
                      {.beta_1 = static_cast<float>(optimizer.beta_1),
                       .beta_2 = static_cast<float>(optimizer.beta_2),
                       .epsilon = static_cast<float>(optimizer.epsilon),
                       .weight_decay = static_cast<float>(decay)},
                      &state(), values, gradients, moment_1, moment_2);
        }
    };
    if (optimizer.weight_decay == 0) {
        update(parameters_.values(), parameters_.gradients(), moment_1_, moment_2_, 0);
        return;
    }
    for (const auto& parameter : parameters_.parameters()) {
        if (!is_trainable(parameter.kind)) continue;
        const auto slice = [&](const Tensor& flat) {
            return flat ? ParameterStore::slice(flat, parameter) : Tensor{};
        };
        update(slice(parameters_.values()), slice(parameters_.gradients()), slice(moment_1_),
               slice(moment_2_), takes_decay(parameter.kind) ? optimizer.weight_decay : 0);
    }
}

Evaluation Trainer::evaluate(std::span<const std::int32_t> indices) {
    const auto classes = static_cast<std::size_t>(dataset_.classes);
    Evaluation result;
    result.probabilities.reserve(indices.size() * classes);
    result.predicted.reserve(indices.size());
    std::int64_t correct = 0;
    const auto batch = static_cast<std::size_t>(spec_.batch_size);
    for (std::size_t begin = 0; begin < indices.size(); begin += batch) {
        const auto part = indices.subspan(begin, std::min(batch, indices.size() - begin));
        const auto rows = static_cast<std::int64_t>(part.size());
        load_batch(part, false);
        begin_step(rows, 0);
        forward(rows, false);
        const Tensor probabilities = probabilities_.first_rows(rows);
        softmax_cross_entropy(context_, {}, logits_.first_rows(rows), labels_.first_rows(rows),
                              weights_.first_rows(rows), &state(), probabilities, row_loss_.first_rows(rows),
                              {});
        for (std::int64_t i = 0; i < rows; ++i) {
            const std::span<const float> row(probabilities.f32() + i * dataset_.classes, classes);
            result.probabilities.insert(result.probabilities.end(), row.begin(), row.end());
            result.predicted.push_back(argmax(row));
            result.loss += static_cast<double>(row_loss_.f32()[i]);
            if (result.predicted.back() == labels_.i32()[i]) ++correct;
        }
    }
    if (!indices.empty()) {
        result.loss /= static_cast<double>(indices.size());
        result.accuracy = static_cast<double>(correct) / static_cast<double>(indices.size());
    }
    return result;
}

std::vector<std::pair<std::string, std::string>> Trainer::implementations() const {
    Implementations names;
    collect_implementations(*model_, names);
    return names;
}

}  // namespace kickdrum
