// SPDX-License-Identifier: MIT
#include "nn/formats/keras_layers.h"

#include <nlohmann/json.hpp>

#include "nn/formats/keras_words.h"

namespace kickdrum {
namespace {

using Json = nlohmann::ordered_json;

// The options of one layer; what is missing has Keras' default.
class Options {
 public:
    Options(const std::string& name, const std::string& type, const Json& config)
        : name_(name), type_(type), config_(config) {
        require(config.is_object(), "layer '{}' has no options", name);
    }

    [[noreturn]] void refuse(const std::string& why) const {
        throw InvalidArgument(fmt::format("layer '{}' ({}): {}", name_, type_, why));
    }

    const Json* find(const char* key) const {
        const auto found = config_.find(key);
        return found == config_.end() || found->is_null() ? nullptr : &*found;
    }

    std::int64_t integer(const char* key, std::int64_t standard, std::int64_t low, std::int64_t high) const {
        const Json* value = find(key);
        if (value == nullptr) return standard;
        if (!value->is_number_integer() || value->get<std::int64_t>() < low ||
            value->get<std::int64_t>() > high) {
            refuse(fmt::format("'{}' must be a whole number from {} to {}", key, low, high));
        }
        return value->get<std::int64_t>();
    }

    double number(const char* key, double standard) const {
        const Json* value = find(key);
        if (value == nullptr) return standard;
        if (!value->is_number()) refuse(fmt::format("'{}' isn't a number", key));
        return value->get<double>();
    }

    bool boolean(const char* key, bool standard) const {
        const Json* value = find(key);
        if (value == nullptr) return standard;
        if (!value->is_boolean()) refuse(fmt::format("'{}' isn't true or false", key));
        return value->get<bool>();
    }

    std::string text(const char* key, const std::string& standard) const {
        const Json* value = find(key);
        if (value == nullptr) return standard;
        if (!value->is_string()) refuse(fmt::format("'{}' isn't a word that Kickdrum knows", key));
        return value->get<std::string>();
    }

    Extent2d extent(const char* key, Extent2d standard) const {
        const Json* value = find(key);
        if (value == nullptr) return standard;
        constexpr std::int64_t kLargest = 1024;
        const auto one = [&](const Json& part) {
            if (!part.is_number_integer() || part.get<std::int64_t>() < 1 ||
                part.get<std::int64_t>() > kLargest)
                refuse(fmt::format("'{}' must be whole numbers from 1 to {}", key, kLargest));
            return part.get<int>();
        };
        if (!value->is_array()) return {one(*value), one(*value)};
        if (value->size() != 2) refuse(fmt::format("'{}' must be two numbers", key));
        return {one((*value)[0]), one((*value)[1])};
    }

    Padding padding() const {
        const std::string word = text("padding", "valid");
        if (word != "valid" && word != "same") refuse(fmt::format("padding '{}' isn't possible", word));
        return word == "same" ? Padding::same : Padding::valid;
    }

    // "relu"; Keras 3 may write {"class_name": "function", "config": "relu"}.
    std::string activation_word(const char* key) const {
        const Json* value = find(key);
        if (value == nullptr) return "linear";
        if (value->is_object() && value->contains("config") && (*value)["config"].is_string())
            return (*value)["config"].get<std::string>();
        return text(key, "linear");
    }

    Activation activation(const std::string& word) const {
        const auto function = activation_of(word);
        if (!function) refuse(fmt::format("its activation '{}' is none that Kickdrum has", word));
        return *function;
    }

    // Of a model that is trained already it doesn't matter: an unknown one is the layer's default.
    Initializer initializer(const char* key, Initializer standard) const {
        const Json* value = find(key);
        if (value == nullptr) return standard;
        std::string word;
        if (value->is_string()) word = value->get<std::string>();
        if (value->is_object() && value->contains("class_name") && (*value)["class_name"].is_string())
            word = (*value)["class_name"].get<std::string>();
        return initializer_of(word).value_or(standard);
    }

    void must_be_absent(std::initializer_list<const char*> keys) const {
        for (const auto* key : keys) {
            if (find(key) != nullptr) refuse(fmt::format("Kickdrum has no '{}'", key));
        }
    }

    void must_be_channels_last() const {
        if (text("data_format", "channels_last") != "channels_last")
            refuse("channels must come last (data_format)");
    }

 private:
    const std::string& name_;
    const std::string& type_;
    const Json& config_;
};

constexpr std::int64_t kMostUnits = 1'000'000;

LayerSpec conv2d(const Options& o) {
    o.must_be_channels_last();
    o.must_be_absent({"kernel_regularizer", "bias_regularizer", "activity_regularizer", "kernel_constraint",
                      "bias_constraint"});
    if (o.integer("groups", 1, 1, 65'536) != 1) o.refuse("Kickdrum has no groups");
    return {.kind = Conv2dLayerSpec{
                .filters = static_cast<int>(o.integer("filters", 0, 1, 65'536)),
                .kernel = o.extent("kernel_size", {1, 1}),
                .strides = o.extent("strides", {1, 1}),
                .dilation = o.extent("dilation_rate", {1, 1}),
                .padding = o.padding(),
                .activation = o.activation(o.activation_word("activation")),
                .use_bias = o.boolean("use_bias", true),
                .kernel_initializer = o.initializer("kernel_initializer", Initializer::glorot_uniform)}};
}

LayerSpec pool2d(const Options& o, PoolKind kind) {
    o.must_be_channels_last();
    Pool2dLayerSpec pool{.kind = kind, .size = o.extent("pool_size", {2, 2}), .strides = {}};
    pool.strides = o.extent("strides", pool.size);
    pool.padding = o.padding();
    return {.kind = pool};
}

LayerSpec global_pool2d(const Options& o, PoolKind kind) {
    o.must_be_channels_last();
    if (o.boolean("keepdims", false)) o.refuse("Kickdrum has no keepdims");
    return {.kind = GlobalPool2dLayerSpec{.kind = kind}};
}

LayerSpec batch_norm(const Options& o) {
    o.must_be_absent({"beta_regularizer", "gamma_regularizer", "beta_constraint", "gamma_constraint"});
    if (!o.boolean("center", true) || !o.boolean("scale", true))
        o.refuse("Kickdrum's has gamma and beta (center and scale)");
    if (const Json* axis = o.find("axis")) {
        const Json& last = axis->is_array() && axis->size() == 1 ? (*axis)[0] : *axis;
        const bool fits =
            last.is_number_integer() && (last.get<std::int64_t>() == -1 || last.get<std::int64_t>() == 3);
        if (!fits) o.refuse("it must normalise the last axis");
    }
    return {.kind = BatchNormLayerSpec{.momentum = o.number("momentum", 0.99),
                                       .epsilon = o.number("epsilon", 1e-3)}};
}

LayerSpec relu(const Options& o) {
    o.must_be_absent({"max_value"});
    const double slope = o.number("negative_slope", 0);
    if (o.number("threshold", 0) != 0) o.refuse("Kickdrum has no threshold");
    if (slope != 0 && slope != kLeakySlope) o.refuse(fmt::format("a slope of {} isn't possible", slope));
    return {.kind = ActivationLayerSpec{slope == 0 ? Activation::relu : Activation::leaky_relu}};
}

LayerSpec leaky_relu(const Options& o) {
    const double slope = o.number("negative_slope", o.number("alpha", 0.3));
    if (static_cast<float>(slope) != static_cast<float>(kLeakySlope)) {
        o.refuse(fmt::format("its slope is {}; Kickdrum's is {}", slope, kLeakySlope));
    }
    return {.kind = ActivationLayerSpec{Activation::leaky_relu}};
}

LayerSpec dense(const Options& o, const std::string& word) {
    o.must_be_absent({"kernel_regularizer", "bias_regularizer", "activity_regularizer", "kernel_constraint",
                      "bias_constraint"});
    const bool softmax = word == "softmax";
    return {.kind = DenseLayerSpec{
                .units = static_cast<int>(o.integer("units", 0, 1, kMostUnits)),
                .softmax = softmax,
                .activation = softmax ? Activation::linear : o.activation(word),
                .use_bias = o.boolean("use_bias", true),
                .kernel_initializer = o.initializer("kernel_initializer", Initializer::glorot_uniform)}};
}

LayerSpec dropout(const Options& o) {
    o.must_be_absent({"noise_shape"});
    const double rate = o.number("rate", 0);
    if (!(rate >= 0 && rate < 1)) o.refuse(fmt::format("a rate of {} isn't possible", rate));
    return {.kind = DropoutLayerSpec{.rate = rate}};
}

}  // namespace

std::optional<KerasLayer> keras_layer(const std::string& name, const std::string& type, const Json& config) {
    const Options o(name, type, config);
    const auto made = [&](LayerSpec spec) { return KerasLayer{.name = name, .kind = std::move(spec.kind)}; };
    const KerasLayer softmax{.name = name, .kind = {}, .softmax = true};
    if (type == "InputLayer" || type == "Identity") return std::nullopt;
    if (type == "Conv2D") return made(conv2d(o));
    if (type == "MaxPooling2D") return made(pool2d(o, PoolKind::max));
    if (type == "AveragePooling2D") return made(pool2d(o, PoolKind::average));
    if (type == "GlobalMaxPooling2D") return made(global_pool2d(o, PoolKind::max));
    if (type == "GlobalAveragePooling2D") return made(global_pool2d(o, PoolKind::average));
    if (type == "BatchNormalization") return made(batch_norm(o));
    if (type == "ReLU") return made(relu(o));
    if (type == "LeakyReLU") return made(leaky_relu(o));
    if (type == "Dropout") return made(dropout(o));
    if (type == "Dense") return made(dense(o, o.activation_word("activation")));
    if (type == "Softmax") return softmax;
    if (type == "Flatten") {
        o.must_be_channels_last();
        return made({.kind = FlattenLayerSpec{}});
    }
    if (type == "Activation") {
        const std::string word = o.activation_word("activation");
        if (word == "softmax") return softmax;
        return made({.kind = ActivationLayerSpec{o.activation(word)}});
    }
    o.refuse("Kickdrum has no such layer");
}

}  // namespace kickdrum
