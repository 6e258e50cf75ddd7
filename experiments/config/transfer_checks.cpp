// SPDX-License-Identifier: MIT
#include "experiments/config/transfer_checks.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "experiments/config/complaints.h"
#include "experiments/nearest_name.h"
#include "nn/model/layer_names.h"

namespace kickdrum {
namespace {

class TransferChecks : Complaints {
 public:
    TransferChecks(const YamlValue& root, ExperimentConfig& config, Problems& problems)
        : Complaints(root, problems),
          root_(root),
          config_(config),
          problems_(problems),
          names_(layer_names(config.model)) {
        for (std::size_t i = 0; i < names_.size(); ++i) {
            if (has_weights(config.model[i])) with_weights_.push_back(names_[i]);
        }
    }

    void all() {
        TransferConfig& transfer = config_.transfer;
        if (transfer.init_from.empty()) {
            for (const char* key : {"transfer.layers", "transfer.replace_head"}) {
                if (const YamlValue* value = value_at(root_, key); value != nullptr && value->text != "false")
                    problems_.add(value->problem(fmt::format("'{}' says nothing without 'init_from'", key)));
            }
        }
        resolve("transfer.layers", transfer.layers);
        resolve("transfer.freeze", transfer.freeze);
        const bool frozen_for_good = transfer.unfreeze_at == LayerTraining::kNever;
        if (frozen_for_good && !with_weights_.empty() &&
            std::ranges::all_of(with_weights_, [&](const std::string& name) {
                return std::ranges::find(transfer.freeze, name) != transfer.freeze.end();
            })) {
            complain({"transfer.freeze"},
                     "'transfer.freeze' names every layer that has weights: nothing would "
                     "learn; leave one out, or set 'transfer.unfreeze_at'");
        }
        for (const auto& name : transfer.freeze)
            config_.training.layers[name].first_epoch = transfer.unfreeze_at;
        rates();
    }

 private:
    void rates() {
        std::map<std::string, double> by_name;
        for (const auto& [word, rate] : config_.transfer.learning_rates) {
            const std::string path = "transfer.learning_rates." + word;
            if (const auto name = named(path, word)) {
                by_name[*name] = rate;
                config_.training.layers[*name].rate = rate;
            }
        }
        config_.transfer.learning_rates = by_name;
    }

    void resolve(const std::string& key, std::vector<std::string>& words) {
        std::vector<std::string> resolved;
        for (std::size_t i = 0; i < words.size(); ++i) {
            if (auto name = named(fmt::format("{}.{}", key, i), words[i])) resolved.push_back(*name);
        }
        words = resolved;
    }

    // Of a layer's name, or of its number from 0 as in --set model.0.
    std::optional<std::string> named(const std::string& path, const std::string& word) {
        std::string name = word;
        std::size_t number = 0;
        const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
        if (error == std::errc() && end == word.data() + word.size() && number < names_.size())
            name = names_[number];
        if (std::ranges::find(with_weights_, name) != with_weights_.end()) return name;
        const bool exists = std::ranges::find(names_, name) != names_.end();
        complain({path},
                 exists ? fmt::format("'{}' is {}, which has no weights; those that have are {}",
                                      path.substr(0, path.rfind('.')), name, fmt::join(with_weights_, ", "))
                        : fmt::format("'{}' names '{}', which is no layer of the network{}; name one of "
                                      "{}, or its number, counted from 0",
                                      path.substr(0, path.rfind('.')), word,
                                      did_you_mean(name, with_weights_), fmt::join(with_weights_, ", ")));
        return std::nullopt;
    }

    const YamlValue& root_;
    ExperimentConfig& config_;
    Problems& problems_;
    std::vector<std::string> names_;
    std::vector<std::string> with_weights_;
};

}  // namespace

std::vector<std::string> layer_names(const ModelSpec& model) {
    LayerNames next;
    std::vector<std::string> names;
    for (const LayerSpec& layer : model) names.push_back(next.next(type_name(layer)));
    return names;
}

bool has_weights(const LayerSpec& layer) {
    return std::holds_alternative<Conv2dLayerSpec>(layer.kind) ||
           std::holds_alternative<DenseLayerSpec>(layer.kind) ||
           std::holds_alternative<BatchNormLayerSpec>(layer.kind) ||
           std::holds_alternative<ResidualLayerSpec>(layer.kind);
}

void check_transfer(const YamlValue& root, ExperimentConfig& config, Problems& problems) {
    for (const char* key : {"model", "transfer", "init_from"}) {
        const YamlValue* value = value_at(root, key);
        if (value != nullptr && has_problem(*value, problems)) return;
    }
    TransferChecks(root, config, problems).all();
}

}  // namespace kickdrum
