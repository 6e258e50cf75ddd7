// SPDX-License-Identifier: MIT
#include "nn/formats/keras_training.h"

#include <nlohmann/json.hpp>

namespace kickdrum {
namespace {

using Json = nlohmann::ordered_json;

double number(const Json& config, const char* key, double standard) {
    const auto found = config.find(key);
    return found != config.end() && found->is_number() ? found->get<double>() : standard;
}

bool is_set(const Json& config, const char* key) {
    const auto found = config.find(key);
    return found != config.end() && !found->is_null() && !(found->is_boolean() && !found->get<bool>());
}

}  // namespace

std::string keras_training_config(const OptimizerSpec& spec) {
    Json config;
    const bool sgd = spec.kind == OptimizerKind::sgd;
    const char* const name = sgd ? "SGD" : spec.kind == OptimizerKind::adamw ? "AdamW" : "Adam";
    config["name"] = name;
    config["learning_rate"] = spec.learning_rate;
    config["weight_decay"] = spec.weight_decay > 0 ? Json(spec.weight_decay) : Json(nullptr);
    config["global_clipnorm"] = spec.global_clipnorm ? Json(*spec.global_clipnorm) : Json(nullptr);
    if (sgd) {
        config["momentum"] = spec.momentum;
        config["nesterov"] = spec.nesterov;
    } else {
        config["beta_1"] = spec.beta_1;
        config["beta_2"] = spec.beta_2;
        config["epsilon"] = spec.epsilon;
        config["amsgrad"] = false;
    }
    return Json{{"loss", "categorical_crossentropy"},
                {"loss_weights", nullptr},
                {"metrics", Json::array({"accuracy"})},
                {"weighted_metrics", nullptr},
                {"optimizer_config", {{"class_name", name}, {"config", config}}}}
        .dump();
}

std::optional<OptimizerSpec> optimizer_of_training_config(std::string_view json) {
    const Json root = Json::parse(json, nullptr, false);
    if (!root.is_object() || !root.contains("optimizer_config")) return std::nullopt;
    const Json& optimizer = root["optimizer_config"];
    if (!optimizer.is_object() || !optimizer.contains("class_name") || !optimizer.contains("config"))
        return std::nullopt;
    const Json& type = optimizer["class_name"];
    const Json& config = optimizer["config"];
    if (!type.is_string() || !config.is_object()) return std::nullopt;
    for (const auto* key : {"amsgrad", "clipnorm", "clipvalue", "use_ema"}) {
        if (is_set(config, key)) return std::nullopt;
    }
    OptimizerSpec spec;
    const auto word = type.get<std::string>();
    if (word == "AdamW") {
        spec.kind = OptimizerKind::adamw;
        spec.weight_decay = 0.004;
    } else if (word == "SGD") {
        spec.kind = OptimizerKind::sgd;
        spec.learning_rate = 0.01;
    } else if (word != "Adam") {
        return std::nullopt;
    }
    spec.learning_rate = number(config, "learning_rate", spec.learning_rate);
    spec.weight_decay =
        number(config, "weight_decay", is_set(config, "weight_decay") ? spec.weight_decay : 0);
    if (const double clip = number(config, "global_clipnorm", 0); clip > 0) spec.global_clipnorm = clip;
    spec.momentum = number(config, "momentum", 0);
    spec.nesterov = is_set(config, "nesterov");
    spec.beta_1 = number(config, "beta_1", spec.beta_1);
    spec.beta_2 = number(config, "beta_2", spec.beta_2);
    spec.epsilon = number(config, "epsilon", spec.epsilon);
    return spec;
}

}  // namespace kickdrum
