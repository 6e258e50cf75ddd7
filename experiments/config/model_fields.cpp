// SPDX-License-Identifier: MIT
#include "experiments/config/experiment_fields.h"

namespace kickdrum {
namespace {

constexpr IntegerRange kWindow{1, 1024};

void activation(Fields& fields, Activation& value, const Key& key = {"activation", "applied to the output"}) {
    std::vector<Choice<Activation>> choices;
    for (const auto one : all_activations()) choices.push_back({to_string(one), one});
    fields.choice(key, value, choices);
}

void initializers(Fields& fields, Initializer& kernel, Initializer& bias) {
    std::vector<Choice<Initializer>> choices;
    for (const auto one : all_initializers()) choices.push_back({to_string(one), one});
    fields.choice({"kernel_initializer", "initial weights"}, kernel, choices);
    const std::vector<Choice<Initializer>> of_biases = {{"zeros", Initializer::zeros},
                                                        {"ones", Initializer::ones},
                                                        {"fan_in_uniform", Initializer::fan_in_uniform}};
    fields.choice({"bias_initializer", "initial biases"}, bias, of_biases);
}

void padding(Fields& fields, Padding& value) {
    fields.choice<Padding>({"padding", "valid: none; same: zeros around, so that strides of 1 keep the size"},
                           value, {{"valid", Padding::valid}, {"same", Padding::same}});
}

void conv2d(Fields& fields, Conv2dLayerSpec& conv) {
    fields.integer({"filters", "number of output channels", true}, conv.filters, {1, 65'536});
    fields.extent({"kernel", "size of the window"}, conv.kernel, kWindow);
    fields.extent({"strides", "steps of the window"}, conv.strides, kWindow);
    fields.extent({"dilation", "distance of the window's cells"}, conv.dilation, kWindow);
    padding(fields, conv.padding);
    activation(fields, conv.activation);
    fields.boolean({"use_bias", "add a bias per filter"}, conv.use_bias);
    initializers(fields, conv.kernel_initializer, conv.bias_initializer);
}

void pool2d(Fields& fields, Pool2dLayerSpec& pool) {
    fields.extent({"size", "size of the window"}, pool.size, kWindow);
    Extent2d strides = pool.strides.value_or(pool.size);
    fields.extent({.name = "strides", .meaning = "steps of the window; default: its size", .derived = true},
                  strides, kWindow);
    pool.strides = strides;
    padding(fields, pool.padding);
}

void batch_norm(Fields& fields, BatchNormLayerSpec& norm) {
    fields.number({"momentum", "share of the moving mean and variance that a step keeps"}, norm.momentum,
                  {.low = 0, .high = 1, .without_high = true});
    fields.number({"epsilon", "added to the variance"}, norm.epsilon,
                  {.low = 0, .high = 1, .without_low = true});
    fields.integer_or_word({"statistics_size", "clips of a batch that share their mean and variance"},
                           norm.statistics_size, {1, 65'536}, "batch", 0);
}

void dropout(Fields& fields, DropoutLayerSpec& layer) {
    fields.number({"rate", "share of the values that a training step sets to zero", true}, layer.rate,
                  {.low = 0, .high = 1, .without_high = true});
}

void dense(Fields& fields, DenseLayerSpec& layer) {
    fields.integer_or_word({"units", "number of outputs; `classes`: one per class", true}, layer.units,
                           {1, 1'000'000}, "classes", DenseLayerSpec::kClasses);
    // softmax isn't elementwise: it belongs to the last layer, and to the loss.
    std::vector<Choice<int>> choices;
    for (const auto one : all_activations()) choices.push_back({to_string(one), static_cast<int>(one)});
    const auto softmax = static_cast<int>(choices.size());
    choices.push_back({"softmax", softmax});
    const auto sigmoid = static_cast<int>(Activation::sigmoid);
    int chosen = layer.sets ? sigmoid : layer.softmax ? softmax : static_cast<int>(layer.activation);
    fields.choice<int>({"activation",
                        "applied to the output; softmax: in the last layer only, sigmoid there where clips "
                        "have several classes"},
                       chosen, choices);
    layer.softmax = chosen == softmax;
    layer.activation = layer.softmax ? Activation::linear : static_cast<Activation>(chosen);
    fields.boolean({"use_bias", "add a bias per unit"}, layer.use_bias);
    initializers(fields, layer.kernel_initializer, layer.bias_initializer);
}

void residual(Fields& fields, ResidualLayerSpec& block) {
    fields.layers({"body", "layers whose output is added to the shortcut's", true}, block.body);
    fields.layers({"shortcut", "layers beside the body; none: the input itself"}, block.shortcut);
    activation(fields, block.activation, {"activation", "applied to the sum"});
}

void nothing(Fields&) {}

template <class Spec>
Alternative alternative(LayerSpec& layer, std::string_view name, std::string_view meaning,
                        void (*options)(Fields&, Spec&), std::string_view short_option = {},
                        Spec defaults = {}) {
    return {.name = name,
            .meaning = meaning,
            .select = [&layer, defaults] { layer.kind = defaults; },
            .options = [&layer, options](Fields& fields) { options(fields, std::get<Spec>(layer.kind)); },
            .short_option = short_option};
}

template <class Spec>
Alternative alternative_without_options(LayerSpec& layer, std::string_view name, std::string_view meaning,
                                        Spec value = {}) {
    return {.name = name,
            .meaning = meaning,
            .select = [&layer, value] { layer.kind = value; },
            .options = nothing};
}

}  // namespace

std::vector<Alternative> layer_alternatives(LayerSpec& layer) {
    return {
        alternative<Conv2dLayerSpec>(layer, "conv2d", "convolution over mels and frames", conv2d),
        alternative<Pool2dLayerSpec>(layer, "max_pool2d", "largest value of each window", pool2d, {},
                                     {.kind = PoolKind::max}),
        alternative<Pool2dLayerSpec>(layer, "average_pool2d", "mean of each window", pool2d, {},
                                     {.kind = PoolKind::average}),
        alternative_without_options<GlobalPool2dLayerSpec>(
            layer, "global_average_pool2d", "mean of each channel", {.kind = PoolKind::average}),
        alternative_without_options<GlobalPool2dLayerSpec>(
            layer, "global_max_pool2d", "largest value of each channel", {.kind = PoolKind::max}),
        alternative<BatchNormLayerSpec>(layer, "batch_norm", "batch normalisation by channel", batch_norm),
        alternative<ActivationLayerSpec>(
            layer, "activation", "a function of each value",
            [](Fields& fields, ActivationLayerSpec& spec) {
                activation(fields, spec.function, {"function", "its name", true});
            },
            "function"),
        alternative_without_options<FlattenLayerSpec>(layer, "flatten", "all values of a clip in one row"),
        alternative<DropoutLayerSpec>(layer, "dropout", "random zeros while training", dropout, "rate"),
        alternative<DenseLayerSpec>(layer, "dense", "every output from every input", dense),
        alternative<ResidualLayerSpec>(layer, "residual", "activation(body(x) + shortcut(x))", residual),
    };
}

}  // namespace kickdrum
