// SPDX-License-Identifier: MIT
#include "nn/inference/predictor.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "kernels/device/step_graph.h"
#include "kernels/device/transfer.h"
#include "kernels/ops/elementwise.h"
#include "kernels/ops/softmax_cross_entropy.h"
#include "nn/model/layer_names.h"
#include "nn/model/model_builder.h"

namespace kickdrum {
namespace {

// The network up to `layer`, and that one.
ModelSpec cut_behind(const ModelSpec& model, std::string_view layer) {
    if (layer.empty()) return model;
    LayerNames names;
    std::string all;
    ModelSpec cut;
    for (const auto& one : model) {
        cut.push_back(one);
        const std::string name = names.next(type_name(one));
        if (name == layer) return cut;
        all += (all.empty() ? "" : ", ") + name;
    }
    throw InvalidArgument(fmt::format("the network has no layer '{}'; its layers are {}", layer, all));
}

std::unique_ptr<Augment> make_preparation(Context& context, const InferenceSpec& spec,
                                          const Shape& network_input) {
    require(spec.test_rolls >= 1, "a prediction over {} rolls", spec.test_rolls);
    const TrainingSpec as_trained{
        .input_frames = spec.input_frames, .bands = spec.bands, .test_rolls = spec.test_rolls};
    const Shape seen = network_inputs(spec.clip, as_trained);
    require(seen == network_input, "clips of shape {} were given to a network that takes {}", to_string(seen),
            to_string(network_input));
    if (!as_trained.prepares_inputs()) return nullptr;
    return make_augment(context, {}, {.clip = spec.clip, .width = seen[2], .batch = spec.batch_size},
                        spec.bands, 0);
}

Arena plan_forward(Context& context, Sequential& model, ParameterStore& parameters, const Shape& src,
                   Shape& dst) {
    MemoryPlanner memory;
    Planning planning{.context = context, .memory = memory, .parameters = parameters, .training = false};
    dst = model.plan(planning, src);
    parameters.allocate(context, false);
    Arena arena(context, memory.solve());
    model.bind(arena, parameters);
    return arena;
}

std::vector<NamedWeights> weights_for(const ParameterStore& parameters, const Network& network) {
    std::vector<NamedWeights> weights;
    for (const auto& one : network.weights) {
        if (std::ranges::any_of(parameters.parameters(),
                                [&](const Parameter& parameter) { return parameter.name == one.name; })) {
            weights.push_back(one);
        }
    }
    return weights;
}

// As binary_cross_entropy computes it.
float sigmoid(float logit) {
    const double small = std::exp(-std::abs(static_cast<double>(logit)));
    return static_cast<float>(logit >= 0 ? 1 / (1 + small) : small / (1 + small));
}

bool has_sets(const ModelSpec& model) {
    const auto* dense = std::get_if<DenseLayerSpec>(&model.back().kind);
    return dense != nullptr && dense->sets;
}

}  // namespace

Predictor::Predictor(Context& context, const Network& network, const InferenceSpec& spec,
                     std::string_view layer)
    : context_(context), spec_(spec) {
    require(spec.batch_size >= 1, "a prediction in batches of {}", spec.batch_size);
    describe_model(network.model, network.input, network.classes);
    sets_ = has_sets(network.model);
    augment_ = make_preparation(context, spec, network.input);
    model_ = build_model(cut_behind(network.model, layer), network.classes);
    const std::int64_t n = spec.batch_size;
    arena_ = plan_forward(context, *model_, parameters_, network.input.with_rows(n), output_);
    write_weights(weights_for(parameters_, network), parameters_);

    const DType type = context.activation_dtype();
    const bool gathers = augment_ != nullptr || type != DType::f32;
    struct Part {
        Tensor& tensor;
        Shape shape;
        DType dtype = DType::f32;
    };
    std::vector<Part> parts{{inputs_, spec.clip.with_rows(n)},
                            {indices_, {n}, DType::i32},
                            {dst_, output_, type},
                            {probabilities_, output_}};
    if (gathers) parts.push_back({src_, network.input.with_rows(n), type});
    const auto bytes = [](const Part& part) {
        return (static_cast<std::size_t>(part.shape.count()) * size_of(part.dtype) + 63) / 64 * 64;
    };
    std::size_t total = 0;
    for (const Part& part : parts) total += bytes(part);
    memory_ = Buffer(context, total);
    std::size_t offset = 0;
    for (const Part& part : parts) {
        part.tensor = memory_.tensor(part.shape, part.dtype, offset);
        offset += bytes(part);
    }
    std::vector<std::int32_t> in_order(static_cast<std::size_t>(n));
    std::iota(in_order.begin(), in_order.end(), 0);
    upload(context, in_order.data(), indices_);
    output_ = output_.with_rows(1);
}

void Predictor::forward(std::int64_t rows, std::int64_t first_frame) {
    Tensor src = inputs_.first_rows(rows);
    if (augment_) {
        src = src_.first_rows(rows);
        augment_->evaluate(context_, inputs_, indices_.first_rows(rows), first_frame, src);
    } else if (src_) {
        src = src_.first_rows(rows);
        gather_rows(context_, inputs_, indices_.first_rows(rows), src);
    }
    model_->forward(context_, Pass{}, src, dst_.first_rows(rows));
}

void Predictor::run_batch(std::span<const float> inputs, bool as_probabilities, std::span<float> results) {
    const std::int64_t clips = std::ssize(inputs) / spec_.clip.count();
    // Of one shape where a device prefers that: rows behind the clips hold what was there before.
    const std::int64_t rows = captures_steps(context_) ? spec_.batch_size : clips;
    upload(context_, inputs.data(), inputs_.first_rows(clips));
    const std::int64_t stored = spec_.clip[2];
    const std::int64_t frames = spec_.input_frames > 0 ? spec_.input_frames : stored;
    std::vector<double> sums(spec_.test_rolls > 1 ? results.size() : 0);
    for (int roll = 0; roll < spec_.test_rolls; ++roll) {
        forward(rows, spec_.test_rolls == 1 ? (stored - frames) / 2 : roll * stored / spec_.test_rolls);
        Tensor given = dst_.first_rows(clips);
        if (as_probabilities && !sets_) {
            given = probabilities_.first_rows(clips);
            softmax(context_, dst_.first_rows(clips), given);
        }
        std::vector<float> values = download_f32(context_, given);
        if (as_probabilities && sets_) std::ranges::transform(values, values.begin(), sigmoid);
        if (sums.empty()) std::ranges::copy(values, results.begin());
        for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += static_cast<double>(values[i]);
    }
    for (std::size_t i = 0; i < sums.size(); ++i) results[i] = static_cast<float>(sums[i] / spec_.test_rolls);
}

std::vector<float> Predictor::run(std::span<const float> inputs, bool as_probabilities) {
    const auto clip = static_cast<std::size_t>(spec_.clip.count());
    require(inputs.size() % clip == 0, "{} values aren't a whole number of clips of {}", inputs.size(), clip);
    require(!as_probabilities || output_.rank() == 2, "probabilities of an image");
    const std::size_t clips = inputs.size() / clip;
    const auto row = static_cast<std::size_t>(output_.count());
    std::vector<float> results(clips * row);
    const auto batch = static_cast<std::size_t>(spec_.batch_size);
    for (std::size_t first = 0; first < clips; first += batch) {
        const std::size_t count = std::min(batch, clips - first);
        run_batch(inputs.subspan(first * clip, count * clip), as_probabilities,
                  std::span(results).subspan(first * row, count * row));
    }
    return results;
}

}  // namespace kickdrum
